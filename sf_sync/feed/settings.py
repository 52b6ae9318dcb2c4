"""What an operator may tune about the feed; the defaults are fit for production."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from msgspec import Struct

from sf_sync.settings import SalesforceSettingError

_TARGET = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}")


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

    polling_after_s: float = 15.0
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

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Raises SalesforceSettingError, whose text is one sentence for the operator."""
        default = cls()
        return cls(
            pubsub_target=_parse_target(env.get("SALESFORCE_PUBSUB_TARGET") or default.pubsub_target),
            pubsub_tls=_parse_bool(env.get("SALESFORCE_PUBSUB_TLS") or "true"),
            pubsub_ca_file=_parse_ca_file(env.get("SALESFORCE_PUBSUB_CA_FILE") or None),
            poll_interval_s=_parse_interval(env.get("SALESFORCE_POLL_INTERVAL_S"), default.poll_interval_s),
        )


def _parse_target(text: str) -> str:
    if not _TARGET.fullmatch(text):
        raise SalesforceSettingError("SALESFORCE_PUBSUB_TARGET must be host:port without a scheme.")
    return text


def _parse_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise SalesforceSettingError("SALESFORCE_PUBSUB_TLS must be true or false.")
    return text.lower() == "true"


def _parse_ca_file(text: str | None) -> Path | None:
    if text is None:
        return None
    path = Path(text)
    if not path.is_file():
        raise SalesforceSettingError(f"SALESFORCE_PUBSUB_CA_FILE: {text} is not there.")
    return path


def _parse_interval(text: str | None, default: float) -> float:
    if not text:
        return default
    try:
        interval_s = float(text)
    except ValueError:
        interval_s = 0.0
    if not 1.0 <= interval_s <= 3_600.0:
        raise SalesforceSettingError("SALESFORCE_POLL_INTERVAL_S must be a number from 1 to 3600.")
    return interval_s
