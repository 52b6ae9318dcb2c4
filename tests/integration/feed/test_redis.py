"""What Redis forgets, the feed makes good: the position is lost and restored together with the entries."""

import pytest

from sf_sync.feed.state import FeedMode, read_feed_state
from tests.integration.feed.engine import Engine
from tests.integration.feed.rig import POSITION_KEY, Rig, until


async def until_saved_for(rig: Rig, seconds: float) -> None:
    """Positions have been saved over this time, by keepalives."""
    first: list[int] = []

    async def is_long_enough() -> bool:
        saved = (await rig.get_position()).get(b"saved_ms")
        first.extend([int(saved)] if saved and not first else [])
        return bool(saved and first and int(saved) >= first[0] + seconds * 1_000)

    await until(is_long_enough, what="a long enough ring")


class TestLostRedis:
    @pytest.mark.asyncio
    async def test_restarted_without_its_data_starts_over(self, rig: Rig, engine: Engine) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        engine.kill()
        await until(lambda: not process.redis.is_connected)
        engine.start()
        await rig.until_redis_answers()
        await rig.fill(account)
        rig.change_unheard(account, "Home")

        await process.until_mode(FeedMode.LIVE)

        await rig.until_shown(account, "Home", within_s=5)
        await rig.fill(account)
        rig.change(account, "Apartment")
        await rig.until_shown(account, "Apartment", within_s=1)

    @pytest.mark.asyncio
    async def test_changes_while_it_is_away_are_heard_afterwards(self, rig: Rig, engine: Engine) -> None:
        accounts = rig.make_accounts(10)
        process = await rig.start_feed()
        await rig.fill(*accounts)
        await rig.web.redis.call("SAVE")
        engine.kill()
        await until(lambda: not process.redis.is_connected)

        for account in accounts:
            rig.change(account, "Home")
        engine.start()
        await rig.until_redis_answers()

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=5)
        await process.until_mode(FeedMode.LIVE)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("is_ring_long", [False, True], ids=["forgets all", "rewinds"])
    async def test_restored_to_an_older_state_makes_good_what_followed(
        self, rig: Rig, engine: Engine, is_ring_long: bool
    ) -> None:
        """The worst of a failover: the entry that an event removed is back, and nobody sends that event again."""
        accounts = rig.make_accounts(10)
        margin_s = 0.2 if is_ring_long else 60.0
        process = await rig.start_feed(ring_step_s=0.01, rewind_margin_s=margin_s)
        await until_saved_for(rig, 0.5)
        await rig.fill(*accounts)
        await rig.web.redis.call("SAVE")
        engine.keep_snapshot()
        epoch = await rig.get_epoch()
        for account in accounts:
            rig.change(account, "Home")
        for account in accounts:
            await rig.until_shown(account, "Home")

        engine.kill()
        engine.restore_snapshot()
        engine.start()
        await rig.until_redis_answers()

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=5)
        await process.until_mode(FeedMode.LIVE)
        assert (await rig.get_epoch() == epoch) == is_ring_long

    @pytest.mark.asyncio
    async def test_flushed_under_an_open_connection_starts_over(self, rig: Rig) -> None:
        lost, heard = rig.make_accounts(2)
        process = await rig.start_feed()
        await rig.web.redis.call("FLUSHALL")
        await rig.fill(lost)
        rig.change_unheard(lost, "Home")

        await rig.until_shown(lost, "Home", within_s=5)
        await process.until_mode(FeedMode.LIVE)
        await rig.fill(heard)
        rig.change(heard, "Home")
        await rig.until_shown(heard, "Home", within_s=1)

    @pytest.mark.asyncio
    async def test_evicted_position_starts_over(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        await until(lambda: process.state.last_response_at is not None)
        await rig.fill(account)
        rig.change_unheard(account, "Home")

        await rig.web.redis.call("DEL", POSITION_KEY)

        await rig.until_shown(account, "Home", within_s=5)


class TestPublishedState:
    @pytest.mark.asyncio
    async def test_is_what_the_leader_does(self, rig: Rig) -> None:
        process = await rig.start_feed()

        async def is_live() -> bool:
            return (await rig.read_state()).mode == FeedMode.LIVE

        await until(is_live)
        rig.emulator.faults.stream_unavailable = True
        await rig.act("drop")
        await process.until_mode(FeedMode.POLLING)

        async def is_polling() -> bool:
            state = await rig.read_state()
            return (state.mode, state.problem) == (FeedMode.POLLING, "service.unavailable")

        await until(is_polling)

    @pytest.mark.asyncio
    async def test_is_stale_when_nobody_leads(self, rig: Rig) -> None:
        process = await rig.start_feed()
        await process.die()

        async def is_stale() -> bool:
            return (await rig.read_state()).mode == FeedMode.STALE

        await until(is_stale)
        assert (await rig.read_state()).problem == "no_feed"
        assert (await read_feed_state(rig.web.redis, now=(await rig.read_state()).said_at)).applied == 0
