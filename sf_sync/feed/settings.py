"""What an operator may tune about the feed; the defaults are fit for production."""

from pathlib import Path

from msgspec import Struct


class FeedSettings(Struct, frozen=True, kw_only=True):
    """Where the Pub/Sub API is and how patient the feed is. All `_s` are seconds."""

    pubsub_target: str = "api.pubsub.salesforce.com:7443"
    pubsub_tls: bool = True
    pubsub_ca_file: Path | None = None
    """Roots to trust instead of the machine's, in PEM form."""

    watchdog_s: float = 300.0
    """Silence after which a stream counts as dead; Salesforce sends a keepalive at least every 270 s."""
    live_after_s: float = 5.0
    """A new stream that stays quiet this long counts as caught up and live (LATEST needs about 3 s to settle)."""
    caught_up_lag_s: float = 30.0
    """A stream that delivers events older than this is not live. As long as entries live when nobody watches, so that
    a late stream never makes them older than no stream would."""
    tick_s: float = 1.0
    """How often silence, a new Redis connection and the need to poll are looked at."""

    beat_every_s: float = 2.0
    beat_ttl_s: float = 6.0

    polling_after_s: float = 8.0
    """How long the stream may be away before polling covers for it."""
    poll_interval_s: float = 10.0
    poll_overlap_s: float = 300.0
    """How far each poll looks back: rows of long transactions become visible after later ones."""
    poll_reach_s: float = 3_600.0
    """Polling lists what changed after the last sure moment; when that is longer ago, everything is forgotten."""

    leader_ttl_s: float = 6.0
    """A leader that died is replaced after at most this and a second."""

    backoff_first_s: float = 0.5
    backoff_cap_s: float = 30.0
    slow_retry_s: float = 60.0
    """Between tries while Salesforce refuses the subscription (topic unknown, permission missing, limit used up)."""

    ring_step_s: float = 10.0
    ring_span_s: float = 1_800.0
    rewind_margin_s: float = 60.0
    """How far behind the stored position the feed resumes when Redis' history changed (a replica was promoted)."""

    schema_patience_s: float = 3.0
    """How long an event may wait for its schema before it counts as undecodable."""
