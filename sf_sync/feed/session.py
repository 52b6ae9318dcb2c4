"""One subscription from where to resume until it ends: apply each response, then save the position."""

from collections.abc import Callable
from datetime import datetime
from typing import Never

import structlog
from msgspec import Struct

from cache.connection import Redis
from sf_sync.feed.liveness import Liveness
from sf_sync.feed.positions import Positions, StartOver
from sf_sync.feed.pubsub import PubSub, Subscription
from sf_sync.feed.reading import EventReader
from sf_sync.feed.rules import Plan, Reason
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.topics import Topic
from sf_sync.feed.troubles import SILENT, StreamEnded
from sf_sync.pubsub import pubsub_api_pb2 as pb2

log = structlog.get_logger(__name__)


class RedisReplaced(Exception):
    """The connection to Redis is another one than when the session began: what was saved may be gone."""


class Footing(Struct, frozen=True, kw_only=True):
    """What a session stands on: the connection and the history of Redis when it began."""

    generation: int
    history: str


class Tally:
    """Counts since this process began to lead."""

    def __init__(self) -> None:
        self.applied = 0
        self.undecodable = 0


class Parts(Struct, frozen=True, kw_only=True):
    """What all sessions of one topic share."""

    topic: Topic
    redis: Redis
    positions: Positions
    reader: EventReader
    liveness: Liveness
    tally: Tally
    settings: FeedSettings
    now: Callable[[], datetime]


class Session:
    """Ends only by an exception: StreamEnded, RedisReplaced, PositionLost, CacheError."""

    def __init__(self, parts: Parts, footing: Footing, pubsub: PubSub, subscription: Subscription) -> None:
        self._parts = parts
        self._footing = footing
        self._pubsub = pubsub
        self._subscription = subscription

    async def start_over(self, resume: StartOver) -> None:
        """After a lost position: everything is forgotten once the new stream is sure to deliver, so that a change
        is either before the forgetting or in the stream.
        """
        first = await self._subscription.receive(within_s=self._parts.settings.live_after_s)
        await self._parts.topic.handler.forget_all()
        self._parts.liveness.covers(self._parts.now())
        log.warning(
            "feed.forgot_all", topic=self._parts.topic.name, reason=Reason.STARTED_OVER, why=resume.why
        )
        if first is not None:
            await self._apply(first)

    async def follow(self) -> Never:
        """Apply responses for ever."""
        while True:
            response = await self._subscription.receive(within_s=self._parts.settings.tick_s)
            self._check_redis()
            if response is not None:
                await self._apply(response)
            elif self._parts.liveness.is_silent(self._parts.now()):
                raise StreamEnded(SILENT)

    def _check_redis(self) -> None:
        if self._parts.redis.generation != self._footing.generation:
            raise RedisReplaced

    async def _apply(self, response: pb2.FetchResponse) -> None:
        parts, events = self._parts, response.events
        read = await parts.reader.read(events, self._pubsub.get_schema)
        await self._effect(read.plan)
        parts.tally.applied += len(events)
        parts.tally.undecodable += read.undecodable
        parts.liveness.responded(parts.now(), has_events=bool(events), committed_at=read.newest_at)
        # Only now, and only if the effect went to the Redis that holds the position: a crash between the two repeats
        # the effect, the other order would lose it.
        self._check_redis()
        await self._save(events[-1].replay_id if events else response.latest_replay_id)

    async def _effect(self, plan: Plan) -> None:
        if plan.reasons:
            await self._parts.topic.handler.forget_all()
            log.warning("feed.forgot_all", topic=self._parts.topic.name, reason=list(plan.reasons))
        elif plan.record_ids:
            await self._parts.topic.handler.forget(plan.record_ids)

    async def _save(self, replay_id: bytes) -> None:
        """A keepalive's `latest_replay_id` counts too: nothing is in flight then, and an idle org's position would
        otherwise grow older than the retention.
        """
        if replay_id:
            await self._parts.positions.save(
                replay_id,
                history=self._footing.history,
                covered_until=self._parts.liveness.covered_until,
                now=self._parts.now(),
            )
