"""First the effect, then the position. The other order is tried too, to show that the test would notice it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from cache.leadership import Leadership
from sf_sync.feed.feed import LEADERSHIP
from sf_sync.feed.liveness import make_liveness
from sf_sync.feed.positions import Positions, ResumeAfter, plan_resume
from sf_sync.feed.pubsub import PubSub, SignIn
from sf_sync.feed.reading import EventReader
from sf_sync.feed.schemas import Schemas
from sf_sync.feed.session import Footing, Parts, RedisReplaced, Session, Tally
from sf_sync.feed.topics import AccountChanges, Topic
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from sf_sync.salesforce import Salesforce
from tests.integration.feed.engine import Engine
from tests.integration.feed.fixtures import engine, rig
from tests.integration.feed.rig import TOPIC, Process, Rig, until

__all__ = ["engine", "rig"]


class Killed(BaseException):
    """The process is gone at this point."""


class DiesBeforeEffect(AccountChanges):
    async def forget(self, record_ids: Sequence[str]) -> None:
        raise Killed


class DiesAfterEffect(AccountChanges):
    async def forget(self, record_ids: Sequence[str]) -> None:
        await super().forget(record_ids)
        raise Killed


class SavesFirst(Session):
    """The mutant."""

    async def _apply(self, response: pb2.FetchResponse) -> None:
        if response.events:
            await self._save(response.events[-1].replay_id)
        await super()._apply(response)


def make_failing_over(engine: Engine, process: Process) -> type[AccountChanges]:
    """Its Redis is replaced by an older copy right after the effect, before the position is saved."""

    class FailsOver(AccountChanges):
        async def forget(self, record_ids: Sequence[str]) -> None:
            await super().forget(record_ids)
            generation = process.redis.generation
            engine.kill()
            engine.start()
            await until(lambda: process.redis.generation > generation and process.redis.is_connected)

    return FailsOver


async def run_session(process: Process, kind: type[Session], handler: type[AccountChanges]) -> None:
    """From the stored position until it ends by an exception."""
    leadership = Leadership(process.redis, LEADERSHIP)
    term = await leadership.acquire()
    assert term is not None
    settings, view = process.settings, process.view
    positions = Positions(process.redis, TOPIC, settings, leader_key=leadership.key, term=term)
    history = await process.redis.replication_id()
    resume = plan_resume(await positions.claim(), history=history, margin_s=0)
    assert isinstance(resume, ResumeAfter)
    parts = Parts(
        topic=Topic(name=TOPIC, entity="Account", handler=handler(view, Salesforce(process.client))),
        redis=process.redis,
        positions=positions,
        reader=EventReader(TOPIC, "Account", Schemas(patience_s=1)),
        liveness=make_liveness(settings),
        tally=Tally(),
        settings=settings,
        now=lambda: datetime.now(UTC),
    )
    footing = Footing(generation=process.redis.generation, history=history)
    async with PubSub(SignIn(process.client), settings) as pubsub:
        subscription = await pubsub.subscribe(TOPIC, after=resume.position.replay_id)
        try:
            await kind(parts, footing, pubsub, subscription).follow()
        finally:
            await subscription.cancel()
            await leadership.release(term)


async def require_no_loss(rig: Rig, kind: type[Session], handler: type[AccountChanges]) -> None:
    """Kill a session in the middle of an event; the next feed must make the change seen."""
    [account] = rig.make_accounts(1)
    first = await rig.start_feed()
    await until(rig.has_position)
    await first.stop()
    await rig.fill(account)
    rig.change(account, "Home")

    with pytest.raises(Killed):
        await run_session(await rig.make_process(), kind, handler)
    await rig.start_feed()

    await rig.until_shown(account, "Home", within_s=2)


class TestOrder:
    @pytest.mark.asyncio
    @pytest.mark.parametrize("handler", [DiesBeforeEffect, DiesAfterEffect])
    async def test_a_crash_around_the_effect_loses_nothing(
        self, rig: Rig, handler: type[AccountChanges]
    ) -> None:
        await require_no_loss(rig, Session, handler)

    @pytest.mark.asyncio
    async def test_a_feed_that_saved_first_would_lose_the_event(self, rig: Rig) -> None:
        with pytest.raises(AssertionError, match="on the page did not happen"):
            await require_no_loss(rig, SavesFirst, DiesBeforeEffect)


class TestFailover:
    @pytest.mark.asyncio
    async def test_between_effect_and_position_saves_nothing(self, rig: Rig, engine: Engine) -> None:
        """The new Redis has the position and the entry, but not the effect: to save now would lose it."""
        [account] = rig.make_accounts(1)
        first = await rig.start_feed()
        await until(rig.has_position)
        await first.stop()
        await rig.fill(account)
        await rig.web.redis.call("SAVE")
        before = (await rig.get_position())[b"replay_id"]
        rig.change(account, "Home")
        process = await rig.make_process()

        with pytest.raises(RedisReplaced):
            await run_session(process, Session, make_failing_over(engine, process))

        await rig.until_redis_answers()
        assert (await rig.get_position())[b"replay_id"] == before
        await rig.start_feed()
        await rig.until_shown(account, "Home", within_s=2)
