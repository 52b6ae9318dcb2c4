"""What the leading process does at the same time: follow the stream, poll when it is away, beat, say how it goes."""

import asyncio

import structlog

from cache.errors import CacheError
from sf_sync.feed.polling import Poller
from sf_sync.feed.pubsub import SignIn
from sf_sync.feed.session import Parts
from sf_sync.feed.state import FeedMode, FeedState, plan_mode, publish_feed_state
from sf_sync.feed.stream import TopicStream

log = structlog.get_logger(__name__)


class TopicLead:
    """One topic under a leader: stream, poller and heartbeat share one view of whether the stream is alive."""

    def __init__(self, parts: Parts, sign_in: SignIn) -> None:
        self._parts = parts
        self._stream = TopicStream(parts, sign_in)
        self._poller = Poller(parts.topic, parts.liveness, parts.settings, parts.now)

    @property
    def entity(self) -> str:
        return self._parts.topic.entity

    async def run(self) -> None:
        """Until cancelled. Raises Superseded (in a group) when a newer leader has taken over."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stream.run())
            group.create_task(self._poller.run())
            group.create_task(self._beat())

    async def _beat(self) -> None:
        parts, mode = self._parts, None
        while True:
            state = self.describe()
            if state.mode != mode:
                log.info("feed.mode", topic=parts.topic.name, state=state.mode, problem=state.problem)
                mode = state.mode
            try:
                if state.mode is FeedMode.LIVE:
                    await parts.topic.handler.beat(parts.settings.beat_ttl_s)
                await publish_feed_state(parts.redis, self.entity, state, ttl_s=parts.settings.beat_ttl_s)
            except CacheError:
                pass  # without a heartbeat the cache knows enough; the stream reports that Redis is away
            await asyncio.sleep(parts.settings.beat_every_s)

    def describe(self) -> FeedState:
        now, liveness, tally = self._parts.now(), self._parts.liveness, self._parts.tally
        is_live, is_polling = liveness.is_live(now), self._poller.is_covering
        return FeedState(
            mode=plan_mode(is_live=is_live, is_subscribed=liveness.is_subscribed, is_polling=is_polling),
            said_at=now,
            last_response_at=liveness.last_response_at,
            lag_s=liveness.lag.total_seconds() if liveness.lag is not None else None,
            applied=tally.applied,
            undecodable=tally.undecodable,
            problem=None if is_live else self._poller.problem or self._stream.problem,
        )
