"""One topic's stream for as long as this process leads: session after session, each from where Redis says."""

import asyncio
from typing import Never

import structlog

from cache.errors import CacheError, CacheUnavailable
from sf_sync.feed.positions import UNKNOWN_HISTORY, PositionLost, ResumeAfter, StartOver, plan_resume
from sf_sync.feed.pubsub import PubSub, SignIn
from sf_sync.feed.session import Footing, Parts, RedisReplaced, Session
from sf_sync.feed.troubles import SILENT, Remedy, StreamEnded, Trouble, plan_backoff_s

log = structlog.get_logger(__name__)

REDIS_AWAY = Trouble(remedy=Remedy.RETRY, code="redis_away")
REDIS_REPLACED = Trouble(remedy=Remedy.RETRY, code="redis_replaced")
POSITION_LOST = Trouble(remedy=Remedy.RETRY, code="position_lost")
_OF_REDIS = (REDIS_AWAY, REDIS_REPLACED, POSITION_LOST)

REDIS_BACKOFF_CAP_S = 1.0


class TopicStream:
    """`problem` is why the stream is away or was refused; None once a response came."""

    def __init__(self, parts: Parts, sign_in: SignIn) -> None:
        self._parts = parts
        self._sign_in = sign_in
        self._failures = 0
        self._position_refused = False
        self._trouble: Trouble | None = None

    @property
    def problem(self) -> str | None:
        return self._trouble.code if self._trouble else None

    async def run(self) -> Never:
        """Until cancelled. Raises Superseded when a newer leader has taken the position over."""
        while True:
            answered_at = self._parts.liveness.last_response_at
            ended = await self._try_session()
            self._parts.liveness.away(by_silence=ended.trouble == SILENT)
            # Not when it connects: a server that accepts and then refuses would be asked without any pause.
            if self._parts.liveness.last_response_at != answered_at:
                self._failures = 0
            self._note(ended)
            await asyncio.sleep(self._plan_pause_s(ended.trouble))

    async def _try_session(self) -> StreamEnded:
        try:
            await self._run_session()
        except StreamEnded as ended:
            return ended
        except RedisReplaced:
            return StreamEnded(REDIS_REPLACED)
        except PositionLost:
            return StreamEnded(POSITION_LOST)
        except CacheError as error:
            return StreamEnded(REDIS_AWAY, str(error))

    async def _run_session(self) -> Never:
        parts = self._parts
        # The generation first: if the connection changes from here on, the session must notice.
        footing = Footing(generation=parts.redis.generation, history=await self._read_history())
        resume = await self._plan_resume(footing)
        async with PubSub(self._sign_in, parts.settings) as pubsub:
            after = resume.position.replay_id if isinstance(resume, ResumeAfter) else None
            subscription = await pubsub.subscribe(parts.topic.name, after=after)
            parts.liveness.subscribed(parts.now())
            session = Session(parts, footing, pubsub, subscription)
            try:
                if isinstance(resume, StartOver):
                    await session.start_over(resume)
                    self._position_refused = False
                await session.follow()
            finally:
                await subscription.cancel()

    async def _read_history(self) -> str:
        """Unknown where the server does not let us ask; the stored position alone is then believed."""
        try:
            return await self._parts.redis.replication_id()
        except CacheUnavailable:
            raise
        except CacheError:
            return UNKNOWN_HISTORY

    async def _plan_resume(self, footing: Footing) -> ResumeAfter | StartOver:
        held = await self._parts.positions.claim()
        if self._position_refused:
            return StartOver("position_refused")
        resume = plan_resume(held, history=footing.history, margin_s=self._parts.settings.rewind_margin_s)
        if isinstance(resume, ResumeAfter) and resume.position == held.position and held.covered_until:
            self._parts.liveness.covers(held.covered_until)
        log.info("feed.resuming", topic=self._parts.topic.name, how=type(resume).__name__)
        return resume

    def _note(self, ended: StreamEnded) -> None:
        trouble = ended.trouble
        self._failures += 1
        self._trouble = trouble
        if trouble.remedy is Remedy.SIGN_IN:
            self._sign_in.refuse()
        elif trouble.remedy is Remedy.START_OVER:
            # Kept in memory only: should this process die now, the next one is refused in the same way.
            self._position_refused = True
        is_alarm = trouble.remedy in (Remedy.WAIT, Remedy.START_OVER)
        report = log.error if is_alarm else log.warning
        report(
            "feed.stream_ended",
            topic=self._parts.topic.name,
            problem=trouble.code,
            how=trouble.remedy,
            cause=ended.detail,
            attempts=self._failures,
            alarm=is_alarm,
        )

    def _plan_pause_s(self, trouble: Trouble) -> float:
        settings = self._parts.settings
        if trouble.remedy is Remedy.WAIT:
            return settings.slow_retry_s
        if trouble in _OF_REDIS:
            return plan_backoff_s(self._failures, first_s=0.1, cap_s=REDIS_BACKOFF_CAP_S)
        return plan_backoff_s(self._failures, first_s=settings.backoff_first_s, cap_s=settings.backoff_cap_s)
