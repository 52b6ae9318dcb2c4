"""What an operator may tune about the feed; the defaults are fit for production."""

from pathlib import Path

from msgspec import Struct


class FeedSettings(Struct, frozen=True, kw_only=True):
    """Where the Pub/Sub API is and how patient the feed is. All `_s` are seconds."""

    pubsub_target: str = "api.pubsub.salesforce.com:7443"
    pubsub_tls: bool = True
    pubsub_ca_file: Path | None = None

    watchdog_s: float = 300.0
    """Silence after which a stream counts as dead; Salesforce sends a keepalive at least every 270 s."""
    live_after_s: float = 5.0
    """A new stream that stays quiet this long counts as caught up and live (LATEST needs about 3 s to settle)."""
    caught_up_lag_s: float = 10.0
    """A stream that delivers events older than this is still catching up."""

    beat_every_s: float = 2.0
    beat_ttl_s: float = 6.0

    polling_after_s: float = 15.0
    """How long the stream may be away before polling covers for it."""
    poll_interval_s: float = 10.0
    poll_overlap_s: float = 300.0
    """How far each poll looks back: rows of long transactions become visible after later ones."""
    poll_budget_share: float = 0.8
    """Polling stops when this share of the org's daily API calls is used."""
    poll_probe_s: float = 900.0
    """While stopped by the budget, one poll per this long: only an answer can tell that the budget has recovered."""

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
