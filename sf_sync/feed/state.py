"""What the feed says about itself: written to Redis by the leader, read by health checks of any process."""

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from cache.connection import Redis


class FeedMode(StrEnum):
    """What keeps the cache true at the moment."""

    LIVE = "live"
    """The stream delivers; the heartbeat is on."""
    RECONCILING = "reconciling"
    """Connected, but still catching up or starting over after a lost position."""
    POLLING = "polling"
    """The stream is away; changes are read by query."""
    STALE = "stale"
    """Neither stream nor polling (not yet, or the API budget is used up), or nobody leads."""
    STANDBY = "standby"
    """Another process leads. Said only by the process itself, never published."""


class FeedState(Struct, frozen=True, kw_only=True):
    """One look at the feed. `problem` is a stable code for operators, None when all is well."""

    mode: FeedMode
    said_at: datetime
    last_response_at: datetime | None = None
    lag_s: float | None = None
    """Commit in Salesforce to effect here, of the newest applied event."""
    applied: int = 0
    """Events applied since this process began to lead."""
    undecodable: int = 0
    problem: str | None = None


def plan_mode(*, is_live: bool, is_subscribed: bool, is_polling: bool) -> FeedMode:
    """The mode of a leader. Polling while a stream catches up is still polling: it is what keeps the cache true."""
    if is_live:
        return FeedMode.LIVE
    if is_polling:
        return FeedMode.POLLING
    return FeedMode.RECONCILING if is_subscribed else FeedMode.STALE


async def publish_feed_state(redis: Redis, entity: str, state: FeedState, *, ttl_s: float) -> None:
    """Raises CacheError."""
    await redis.call("SET", _make_key(entity), msgspec.json.encode(state), "PX", round(ttl_s * 1_000))


async def read_feed_state(redis: Redis, *, now: datetime, entity: str = "Account") -> FeedState:
    """What the leader last said; `stale` with problem `no_feed` when no leader spoke in the last seconds.

    Raises CacheUnavailable.
    """
    text = await redis.call("GET", _make_key(entity))
    if text is None:
        return FeedState(mode=FeedMode.STALE, said_at=now, problem="no_feed")
    return msgspec.json.decode(text, type=FeedState)


def _make_key(entity: str) -> str:
    return f"feed:state:{entity}"
