import asyncio

import pytest

from sf_sync.feed.state import FeedMode
from tests.integration.feed.engine import Engine
from tests.integration.feed.rig import REVIEWER, TOPIC, Rig, open_rig, until


async def cut(rig: Rig) -> None:
    """From now on there is no stream, and nobody can open one."""
    rig.emulator.faults.stream_unavailable = True
    await rig.act("drop")


class TestPolling:
    @pytest.mark.asyncio
    async def test_takes_over_when_the_stream_stays_away(self, rig: Rig) -> None:
        accounts = rig.make_accounts(3)
        process = await rig.start_feed()
        await rig.fill(*accounts)
        await cut(rig)
        rig.change(accounts[0], "Home")

        await process.until_mode(FeedMode.POLLING)

        await rig.until_shown(accounts[0], "Home", within_s=2)
        await rig.fill(accounts[1])
        rig.change(accounts[1], "Apartment")
        await rig.until_shown(accounts[1], "Apartment", within_s=2)

    @pytest.mark.asyncio
    async def test_covers_while_salesforce_refuses_the_topic(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        await rig.fill(account)
        rig.emulator.faults.stream_missing_topics = (TOPIC,)
        await rig.act("drop")
        rig.change(account, "Home")

        await process.until_mode(FeedMode.POLLING)

        await rig.until_shown(account, "Home", within_s=2)
        assert process.state.problem == "topic.not.found"

    @pytest.mark.asyncio
    async def test_covers_from_the_start_of_a_process_that_finds_no_stream(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        first = await rig.start_feed()
        await until(lambda: first.state.last_response_at is not None)
        await rig.fill(account)
        await first.stop()
        await cut(rig)
        rig.change(account, "Home")

        await rig.start_feed(FeedMode.POLLING)

        await rig.until_shown(account, "Home", within_s=2)

    @pytest.mark.asyncio
    async def test_forgets_all_when_nobody_knows_since_when_it_must_look(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        await rig.fill(account)
        rig.change_unheard(account, "Home")
        await cut(rig)

        # An overlap too short to list the account, which is new.
        await rig.start_feed(FeedMode.POLLING, poll_overlap_s=0.01)

        await rig.until_shown(account, "Home", within_s=2)

    @pytest.mark.asyncio
    async def test_sees_deleted_accounts(self, rig: Rig) -> None:
        [account] = rig.make_accounts(1)
        process = await rig.start_feed()
        await rig.fill(account)
        await cut(rig)
        await process.until_mode(FeedMode.POLLING)

        with rig.org.transaction(user_id=rig.user_id, origin=REVIEWER) as transaction:
            transaction.delete("Account", account)

        await rig.until_shown(account, "gone", within_s=2)

    @pytest.mark.asyncio
    async def test_reads_more_than_one_page(self, rig: Rig) -> None:
        accounts = rig.make_accounts(2_100)
        process = await rig.start_feed()
        await rig.fill(accounts[0], accounts[-1])
        await cut(rig)
        with rig.org.transaction(user_id=rig.user_id, origin=REVIEWER) as transaction:
            for account in accounts:
                transaction.update("Account", account, {"Internet_Eligibility__c": "Home"})

        await process.until_mode(FeedMode.POLLING)

        await rig.until_shown(accounts[0], "Home", within_s=3)
        await rig.until_shown(accounts[-1], "Home", within_s=3)

    @pytest.mark.asyncio
    async def test_hands_back_and_the_stream_goes_on_from_its_position(self, rig: Rig) -> None:
        accounts = rig.make_accounts(2)
        process = await rig.start_feed()
        rig.change(accounts[0], "Home")
        await until(lambda: process.state.applied >= 1)
        applied = process.state.applied
        await cut(rig)
        await process.until_mode(FeedMode.POLLING)
        rig.change(accounts[0], "Apartment")
        rig.change(accounts[1], "Home")

        rig.emulator.faults.stream_unavailable = False

        await process.until_mode(FeedMode.LIVE)
        await until(lambda: process.state.applied == applied + 2)
        assert process.state.problem is None
        before = rig.emulator.journal.last_number
        await rig.fill(accounts[0])
        rig.change(accounts[0], "Office")
        await rig.until_shown(accounts[0], "Office", within_s=1)
        assert [call for call in rig.emulator.journal.calls_after(before) if "query" in call.path] == []

    @pytest.mark.asyncio
    async def test_does_not_beat(self, rig: Rig) -> None:
        process = await rig.start_feed()
        await cut(rig)
        await process.until_mode(FeedMode.POLLING)

        await rig.until_no_beat()
        await until(lambda: process.state.mode == FeedMode.POLLING)
        assert not await rig.has_beat()

    @pytest.mark.asyncio
    async def test_says_what_keeps_it_from_reading(self, rig: Rig) -> None:
        process = await rig.start_feed()
        await cut(rig)
        await process.until_mode(FeedMode.POLLING)

        rig.emulator.faults.unavailable = True

        await until(lambda: process.state.mode == FeedMode.STALE, within_s=10)
        assert process.state.problem in ("SalesforceUnavailable", "SalesforceBreakerOpen")

    @pytest.mark.asyncio
    async def test_stops_at_four_fifths_of_the_api_calls(self, engine: Engine) -> None:
        async with open_rig(engine.url, daily_api_requests=20) as rig:
            process = await rig.start_feed()
            await cut(rig)

            await until(lambda: process.state.problem == "api_budget")

            assert process.state.mode == FeedMode.STALE
            await asyncio.sleep(0.5)  # five intervals, in which nothing happens
            assert rig.emulator.journal.counted == 16
