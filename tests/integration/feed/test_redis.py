"""What Redis forgets, the feed makes good: the position is lost and restored together with the entries."""

from pathlib import Path
from shutil import copy

import pytest

from cache.errors import CacheError
from sf_sync.feed.state import FeedMode, read_feed_state
from tests.integration.cache.engine import Engine
from tests.integration.feed.rig import POSITION_KEY, Rig, until


async def until_answering(rig: Rig) -> None:
    async def answers() -> bool:
        try:
            return bool(await rig.web.redis.call("PING"))
        except CacheError:
            return False

    await until(answers, what="an answer of Redis")


class TestLostRedis:
    @pytest.mark.asyncio
    async def test_restarted_without_its_data_starts_over(self, rig: Rig, engine: Engine) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        engine.kill()
        await until(lambda: not process.redis.is_connected)
        engine.start()
        await until_answering(rig)
        await rig.fill(account)
        rig.change_unheard(account, "Home")

        await process.until_mode(FeedMode.LIVE)

        await rig.until_shown(account, "Home", within_s=5)
        await rig.fill(account)
        rig.change(account, "Apartment")
        await rig.until_shown(account, "Apartment", within_s=1)

    @pytest.mark.asyncio
    async def test_changes_while_it_is_away_are_heard_afterwards(
        self, rig: Rig, engine: Engine, tmp_path: Path
    ) -> None:
        accounts = rig.make_accounts(10)
        process = await rig.start_feed()
        await until(lambda: process.state.last_response_at is not None)
        await rig.fill(*accounts)
        await rig.web.redis.call("SAVE")
        engine.kill()
        await until(lambda: not process.redis.is_connected)

        for account in accounts:
            rig.change(account, "Home")
        engine.start()
        await until_answering(rig)

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=5)
        await process.until_mode(FeedMode.LIVE)

    @pytest.mark.asyncio
    async def test_restored_to_an_older_state_hears_again_what_followed(
        self, rig: Rig, engine: Engine, tmp_path: Path
    ) -> None:
        """The worst of a failover: the entry that an event removed is back, and nobody sends that event again."""
        accounts = rig.make_accounts(10)
        process = await rig.start_feed()
        await until(lambda: process.state.last_response_at is not None)
        await rig.fill(*accounts)
        await rig.web.redis.call("SAVE")
        copy(tmp_path / "dump.rdb", tmp_path / "older.rdb")
        for account in accounts:
            rig.change(account, "Home")
        for account in accounts:
            await rig.until_shown(account, "Home")
        position = (await rig.get_position())[b"replay_id"]

        engine.kill()
        copy(tmp_path / "older.rdb", tmp_path / "dump.rdb")
        engine.start()
        await until_answering(rig)

        for account in accounts:
            await rig.until_shown(account, "Home", within_s=5)

        async def has_caught_up() -> bool:
            return (await rig.get_position()).get(b"replay_id", b"") >= position

        await until(has_caught_up)

    @pytest.mark.asyncio
    async def test_another_history_is_rewound_into(self, rig: Rig, engine: Engine) -> None:
        """With a ring that is long enough the feed goes back by the margin instead of forgetting all."""
        accounts = rig.make_accounts(2)
        process = await rig.start_feed(ring_step_s=0.01, rewind_margin_s=0.2)
        for account in accounts:
            await rig.fill(account)
            rig.change(account, "Home")
            await rig.until_shown(account, "Home")
        saved = (await rig.get_position())[b"saved_ms"]

        async def is_older() -> bool:
            return int((await rig.get_position())[b"saved_ms"]) > int(saved) + 500

        await until(is_older)
        epoch = await rig.web.redis.call("GET", "{account}:epoch")
        await rig.web.redis.call("SAVE")
        generation = process.redis.generation
        engine.kill()
        engine.start()
        await until_answering(rig)
        await until(lambda: process.redis.generation > generation)
        await process.until_mode(FeedMode.LIVE)

        assert await rig.web.redis.call("GET", "{account}:epoch") == epoch

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
