import asyncio

import pytest

from sf_sync.feed.state import FeedMode
from tests.integration.feed.rig import Rig, until


class TestTwoFeeds:
    @pytest.mark.asyncio
    async def test_one_leads_and_one_stands_by(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        first = await rig.start_feed()
        second = await rig.start_feed(FeedMode.STANDBY)
        await rig.fill(account)

        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=1)
        assert (first.state.mode, second.state.mode) == (FeedMode.LIVE, FeedMode.STANDBY)
        assert second.state.applied == 0

    @pytest.mark.asyncio
    async def test_the_other_takes_over_when_the_leader_dies(self, rig: Rig) -> None:
        accounts = rig.make_accounts(20)
        first = await rig.start_feed()
        second = await rig.start_feed(FeedMode.STANDBY)
        await until(lambda: first.state.last_response_at is not None)
        await rig.fill(*accounts)

        await first.die()
        for account in accounts:
            rig.change(account, "Home")

        # The term (1 s here, 6 s by default) and a tick.
        await until(lambda: second.state.mode != FeedMode.STANDBY, within_s=2)
        for account in accounts:
            await rig.until_shown(account, "Home", within_s=2)

    @pytest.mark.asyncio
    async def test_the_other_takes_over_at_once_when_the_leader_stops(self, rig: Rig) -> None:
        first = await rig.start_feed(leader_ttl_s=60.0)
        second = await rig.start_feed(FeedMode.STANDBY)

        await first.stop()

        await until(lambda: second.state.mode != FeedMode.STANDBY, within_s=1)

    @pytest.mark.asyncio
    async def test_a_leader_that_slept_through_its_term_saves_nothing_more(self, rig: Rig) -> None:
        """It finds out at its next save, long before it tries to renew its term."""
        [account] = rig.make_accounts(1)
        first = await rig.start_feed(leader_ttl_s=60.0)
        await until(lambda: first.state.last_response_at is not None)
        await rig.web.redis.call("DEL", "lead:{feed}:leader")
        second = await rig.start_feed(FeedMode.LIVE)
        await rig.fill(account)

        rig.change(account, "Home")

        await rig.until_shown(account, "Home", within_s=1)
        await first.until_mode(FeedMode.STANDBY)
        await until(lambda: second.state.applied >= 1)
        position = await rig.get_position()
        rig.change(account, "Apartment")
        await rig.until_shown(account, "Apartment", within_s=1)
        assert (await rig.get_position())[b"term"] == position[b"term"]

    @pytest.mark.asyncio
    async def test_stopping_does_not_wait_for_anything(self, rig: Rig) -> None:
        process = await rig.start_feed()
        rig.emulator.faults.stream_stalled = True

        async with asyncio.timeout(1):
            await process.stop()

        assert process.state.mode == FeedMode.STANDBY
