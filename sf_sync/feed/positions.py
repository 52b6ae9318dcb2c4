"""Where the feed stands in the stream: kept in Redis beside the entries it protects, so both are lost together.

Only the leader may claim a position, and only its last claimant may save: a save that finds another term's token, or
no position at all (Redis was flushed under us), is refused.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from cache.connection import Redis
from cache.leadership import Term
from cache.scripts import make_script
from sf_sync.feed.settings import FeedSettings

CLAIM = make_script("""
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'term', ARGV[1])
local fields = redis.call('HMGET', KEYS[1], 'replay_id', 'saved_ms', 'history', 'covered_ms')
local ring = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
return {fields[1], fields[2], fields[3], fields[4], ring}
""")

# A ring entry's member starts with its time, so that one replay id may stand at two times (an idle org).
# Another history starts a new ring: what the old one says about times is no longer how far entries can be trusted.
SAVE = make_script("""
if redis.call('HGET', KEYS[1], 'term') ~= ARGV[1] then return 0 end
local old = redis.call('HMGET', KEYS[1], 'history', 'ring_ms')
redis.call('HSET', KEYS[1], 'replay_id', ARGV[2], 'saved_ms', ARGV[3], 'history', ARGV[4], 'covered_ms', ARGV[7])
if old[1] ~= ARGV[4] then
  redis.call('DEL', KEYS[2])
  old[2] = false
end
if not old[2] or ARGV[3] - old[2] >= tonumber(ARGV[5]) then
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[3] .. ':' .. ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. (ARGV[3] - ARGV[6]))
  redis.call('HSET', KEYS[1], 'ring_ms', ARGV[3])
end
return 1
""")


UNKNOWN_HISTORY = ""
"""Of a Redis that does not say its replication id, as some hosted ones do not."""


class PositionLost(Exception):
    """The position is another term's, or Redis lost it: whoever holds it now must be asked again by a claim."""


class Superseded(Exception):
    """A newer term has claimed the position: this process does not lead any more."""


class Position(Struct, frozen=True):
    """Everything up to and including the event `replay_id` has taken effect."""

    replay_id: bytes
    saved_at: datetime


class Held(Struct, frozen=True, kw_only=True):
    """What Redis holds about one topic. `history` is the replication id of the Redis that was saved to; every change
    committed before `covered_until` was heard of, which may be long before the position was saved.
    """

    position: Position | None
    ring: tuple[Position, ...] = ()
    history: str = UNKNOWN_HISTORY
    covered_until: datetime | None = None


class ResumeAfter(Struct, frozen=True):
    """Subscribe with this replay id."""

    position: Position


class StartOver(Struct, frozen=True):
    """Subscribe to new events, wait until they flow, then forget everything."""

    why: str


def plan_resume(held: Held, *, history: str, margin_s: float) -> ResumeAfter | StartOver:
    """Where to resume. A history of one's own (a replica was promoted, a snapshot loaded) may lack the last effects
    although it has the position, so the feed goes back to what was saved `margin_s` before the last save.
    """
    if held.position is None:
        return StartOver("no_position")
    if history in (UNKNOWN_HISTORY, held.history):
        return ResumeAfter(held.position)
    latest = held.position.saved_at - timedelta(seconds=margin_s)
    older = [entry for entry in held.ring if entry.saved_at <= latest]
    return ResumeAfter(max(older, key=lambda entry: entry.saved_at)) if older else StartOver("young_position")


class Positions:
    """The stored position of one topic, for one term of leadership."""

    def __init__(
        self, redis: Redis, topic: str, settings: FeedSettings, *, leader_key: str, term: Term
    ) -> None:
        self._redis = redis
        # The leader's key first tells the term; the same hash tag keeps the three in one slot of a cluster.
        self._position, self._ring = f"{{feed}}:position:{topic}", f"{{feed}}:ring:{topic}"
        self._leader_key = leader_key
        self._term = term
        self._ring_step_ms = int(settings.ring_step_s * 1_000)
        self._ring_span_ms = int(settings.ring_span_s * 1_000)

    async def claim(self) -> Held:
        """Take the position over for this term and read it. Raises Superseded, CacheError."""
        reply = await self._redis.run(
            CLAIM, (self._position, self._ring, self._leader_key), [self._term.token]
        )
        if reply is None:
            raise Superseded
        return _parse_held(reply)

    async def save(
        self, replay_id: bytes, *, history: str, covered_until: datetime | None, now: datetime
    ) -> None:
        """Raises PositionLost, CacheError. Call it after the effect, never before."""
        args: list[bytes | str | int] = [
            self._term.token,
            replay_id,
            _format_ms(now),
            history,
            self._ring_step_ms,
            self._ring_span_ms,
            _format_ms(covered_until) if covered_until else b"",
        ]
        if not await self._redis.run(SAVE, (self._position, self._ring), args):
            raise PositionLost


def _parse_held(reply: Sequence[Any]) -> Held:
    replay_id, saved_ms, history, covered_ms, ring = reply
    if replay_id is None or saved_ms is None:
        return Held(position=None)
    return Held(
        position=Position(replay_id, _parse_ms(saved_ms)),
        ring=_parse_ring(ring),
        history=history.decode() if history else UNKNOWN_HISTORY,
        covered_until=_parse_ms(covered_ms) if covered_ms else None,
    )


def _parse_ring(flat: Sequence[bytes]) -> tuple[Position, ...]:
    members, scores = flat[::2], flat[1::2]
    return tuple(
        Position(member.partition(b":")[2], _parse_ms(score))
        for member, score in zip(members, scores, strict=True)
    )


def _parse_ms(text: bytes) -> datetime:
    return datetime.fromtimestamp(float(text) / 1_000, UTC)


def _format_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
