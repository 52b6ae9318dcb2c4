"""The account view on the emulator and a real Valkey: what it costs in calls, and what it refuses to show."""

import asyncio
import gc
import time
from uuid import uuid4

import pytest

from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import (
    EVERY_ACCOUNT_TOPIC,
    AccountNotFound,
    AccountView,
    SourceUnavailable,
    get_account_topic,
)
from sf_sync.emulator.app import Emulator
from sf_sync.objects.account import EligibilityStatus
from tests.integration.sf_sync.conftest import MakeAccounts
from tests.integration.sf_sync.org import list_calls, update_account

pytestmark = pytest.mark.asyncio

ORG = uuid4()
LATENCY_S = 0.15
COLLECTIONS = "POST /services/data/v66.0/composite/sobjects/Account"
READ_FAULTS = [
    "html_error",
    "unavailable",
    "empty_body",
    "wrong_account_id",
    "cut_before",
    "cut_after_commit",
]


async def time_read(view: AccountView, account_id: str) -> float:
    began = time.perf_counter()
    await view.read(ORG, account_id)
    return time.perf_counter() - began


def get_p99(durations: list[float]) -> float:
    return sorted(durations)[int(len(durations) * 0.99) - 1]


class TestRead:
    async def test_costs_one_call_for_both_facts_and_then_none(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts(
            Internet_Eligibility_Status__c="Eligible", Id_Verification_Status__c="Rejected"
        )
        emulator.journal.clear()

        first = await view.read(ORG, account_id)
        assert list_calls(emulator) == [COLLECTIONS]
        second = await view.read(ORG, account_id)

        assert list_calls(emulator) == [COLLECTIONS]
        assert (first.freshness.source, second.freshness.source) == ("salesforce", "cache")
        assert first.facts == second.facts
        assert (first.facts.eligibility.status, first.facts.verification.status) == ("eligible", "rejected")
        assert second.freshness.as_of == first.freshness.as_of
        assert not second.freshness.stale

    async def test_by_500_of_one_cold_account_costs_one_call(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [warm, account_id] = make_accounts(2)
        await view.read(ORG, warm)
        emulator.faults.change({"latency_s": LATENCY_S})
        emulator.journal.clear()

        await asyncio.gather(*(view.read(ORG, account_id) for _ in range(500)))

        assert list_calls(emulator) == [COLLECTIONS]

    async def test_by_500_of_500_cold_accounts_costs_three_calls_at_most(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [warm, *made] = make_accounts(2_501)
        await view.read(ORG, warm)
        emulator.faults.change({"latency_s": LATENCY_S})
        p99s = []

        # The best of five: a neighbour on the machine can make any one of them slow.
        for start in range(0, 2_500, 500):
            emulator.journal.clear()
            gc.collect()
            durations = await asyncio.gather(
                *(time_read(view, account_id) for account_id in made[start : start + 500])
            )
            p99s.append(get_p99(durations))
            assert len(list_calls(emulator)) <= 3
            assert set(list_calls(emulator)) == {COLLECTIONS}

        assert min(p99s) <= 2.5 * LATENCY_S

    async def test_takes_the_short_form_of_an_id(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        await view.read(ORG, account_id)
        emulator.journal.clear()

        sighting = await view.read(ORG, account_id[:15])

        assert sighting.facts.account_id == account_id
        assert list_calls(emulator) == []

    @pytest.mark.parametrize(
        "account_id",
        ["", "hana", "003000000000001AAA", "001000000000001AAB", "001' OR Id != null", "001000000000zzzAAA"],
    )
    async def test_finds_no_account_where_there_is_none(self, view: AccountView, account_id: str) -> None:
        with pytest.raises(AccountNotFound):
            await view.read(ORG, account_id)
        with pytest.raises(AccountNotFound):
            await view.read_live(account_id)

    async def test_of_an_odd_id_does_not_spoil_the_batch_of_others(
        self, view: AccountView, make_accounts: MakeAccounts
    ) -> None:
        [account_id] = make_accounts()

        odd, good = await asyncio.gather(
            view.read(ORG, "003000000000001AAA"), view.read(ORG, account_id), return_exceptions=True
        )

        assert isinstance(odd, AccountNotFound)
        assert not isinstance(good, BaseException)

    @pytest.mark.parametrize("fault", READ_FAULTS)
    async def test_shows_nothing_when_salesforce_answers_nonsense(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator, fault: str
    ) -> None:
        [account_id] = make_accounts(2)[:1]
        emulator.faults.change({fault: True})

        with pytest.raises(SourceUnavailable) as refusal:
            await view.read(ORG, account_id)
        assert 1 <= refusal.value.retry_after_s <= 60

        emulator.faults.reset()

    async def test_is_right_on_the_next_request_after_an_error(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts(Internet_Eligibility_Status__c="Eligible")
        emulator.faults.change({"html_error": True, "times": 1})
        await asyncio.gather(view.read(ORG, account_id), return_exceptions=True)

        assert (await view.read(ORG, account_id)).facts.eligibility.status is EligibilityStatus.ELIGIBLE

    async def test_alarms_and_asks_the_source_when_a_value_was_swapped(
        self, view: AccountView, make_accounts: MakeAccounts, redis: Redis
    ) -> None:
        mine, other = make_accounts(2)
        await view.read(ORG, other)
        await view.read(ORG, mine)
        foreign = await redis.call("DUMP", f"account:e:{{{other}}}")
        await redis.call("RESTORE", f"account:e:{{{mine}}}", 0, foreign, "REPLACE")

        assert (await view.read(ORG, mine)).facts.account_id == mine


class TestInvalidation:
    async def test_shows_the_change_to_every_org(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        orgs = [uuid4(), uuid4()]
        for org_id in orgs:
            await view.read(org_id, account_id)
        update_account(emulator, account_id, Internet_Eligibility_Status__c="Eligible")

        await view.invalidate([account_id])

        statuses = [(await view.read(org_id, account_id)).facts.eligibility.status for org_id in orgs]
        assert statuses == ["eligible", "eligible"]

    async def test_of_all_shows_every_change(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(3)
        for account_id in made:
            await view.read(ORG, account_id)
            update_account(emulator, account_id, Internet_Eligibility_Status__c="Eligible")

        await view.invalidate_all()

        statuses = {(await view.read(ORG, account_id)).facts.eligibility.status for account_id in made}
        assert statuses == {"eligible"}

    async def test_tells_the_listeners(
        self, view: AccountView, make_accounts: MakeAccounts, broadcast: Broadcast
    ) -> None:
        [account_id] = make_accounts()
        async with (
            broadcast.listen(get_account_topic(account_id)) as one,
            broadcast.listen(EVERY_ACCOUNT_TOPIC) as every,
        ):
            await view.invalidate([account_id])
            assert (await asyncio.wait_for(anext(one), 2)).kind in {"changed", "resync"}

            await view.invalidate_all()
            assert (await asyncio.wait_for(anext(every), 2)).kind in {"changed", "resync"}


class TestWriting:
    async def test_shows_the_own_write_at_once(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        await view.read(ORG, account_id)

        async with view.writing(account_id):
            update_account(emulator, account_id, Internet_Eligibility_Status__c="Pending")

        assert (await view.read(ORG, account_id)).facts.eligibility.status is EligibilityStatus.PENDING

    async def test_of_unknown_outcome_sends_readers_to_salesforce(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        async with view.writing(account_id) as write:
            write.leave_unknown()
        await view.read(ORG, account_id)

        update_account(emulator, account_id, Internet_Eligibility_Status__c="Pending")

        assert (await view.read(ORG, account_id)).facts.eligibility.status is EligibilityStatus.PENDING

    async def test_tells_the_listeners(
        self, view: AccountView, make_accounts: MakeAccounts, broadcast: Broadcast
    ) -> None:
        [account_id] = make_accounts()
        async with broadcast.listen(get_account_topic(account_id)) as listener:
            async with view.writing(account_id):
                pass

            assert (await asyncio.wait_for(anext(listener), 2)).kind in {"changed", "resync"}
