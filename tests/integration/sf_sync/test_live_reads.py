"""The gate's reads, and reads without Redis: straight from the emulator, or refused."""

import asyncio
import time
from uuid import uuid4

import pytest

from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView, SourceUnavailable
from sf_sync.emulator.app import Emulator
from sf_sync.objects.account import EligibilityStatus
from sf_sync.salesforce import Salesforce
from tests.integration.sf_sync.conftest import MakeAccounts
from tests.integration.sf_sync.org import list_calls, update_account

pytestmark = pytest.mark.asyncio

ORG = uuid4()
READ_FAULTS = [
    "html_error",
    "unavailable",
    "empty_body",
    "wrong_account_id",
    "cut_before",
    "cut_after_commit",
]


class TestLiveRead:
    async def test_ignores_what_is_cached(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts(Internet_Eligibility_Status__c="Eligible")
        await view.read(ORG, account_id)
        update_account(emulator, account_id, Internet_Eligibility_Status__c="Ineligible")

        sighting = await view.read_live(account_id)

        assert sighting.facts.eligibility.status is EligibilityStatus.INELIGIBLE
        assert sighting.freshness.source == "salesforce"

    async def test_never_joins_a_call_that_was_sent_before_it(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts(Internet_Eligibility_Status__c="Eligible")
        await view.read_live(account_id)
        emulator.faults.change({"latency_s": 0.4})
        early = asyncio.create_task(view.read_live(account_id))
        await asyncio.sleep(0.3)

        update_account(emulator, account_id, Internet_Eligibility_Status__c="Ineligible")
        late = await view.read_live(account_id)

        assert (await early).facts.eligibility.status is EligibilityStatus.ELIGIBLE
        assert late.facts.eligibility.status is EligibilityStatus.INELIGIBLE
        assert late.freshness.as_of > (await early).freshness.as_of

    async def test_of_many_carts_shares_a_call_that_is_not_sent_yet(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(20)
        await view.read_live(made[0])
        emulator.journal.clear()

        await asyncio.gather(*(view.read_live(account_id) for account_id in made * 5))

        assert len(list_calls(emulator)) == 1

    async def test_gives_up_after_a_second(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        await view.read_live(account_id)
        emulator.faults.change({"latency_s": 30.0})
        began = time.perf_counter()

        with pytest.raises(SourceUnavailable):
            await view.read_live(account_id)

        assert time.perf_counter() - began < 1.3

    @pytest.mark.parametrize("fault", READ_FAULTS)
    async def test_refuses_when_salesforce_answers_nonsense(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator, fault: str
    ) -> None:
        [account_id] = make_accounts(2, Internet_Eligibility_Status__c="Eligible")[:1]
        await view.read_live(account_id)
        emulator.faults.change({fault: True})

        with pytest.raises(SourceUnavailable):
            await view.read_live(account_id)

    async def test_refuses_at_once_while_the_breaker_is_open(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        await view.read_live(account_id)
        emulator.faults.change({"html_error": True})
        for _ in range(3):
            with pytest.raises(SourceUnavailable):
                await view.read_live(account_id)
        emulator.journal.clear()
        began = time.perf_counter()

        with pytest.raises(SourceUnavailable) as refusal:
            await view.read_live(account_id)

        assert time.perf_counter() - began < 0.05
        assert 1 <= refusal.value.retry_after_s <= 10
        assert list_calls(emulator) == []

    async def test_does_not_wait_behind_pages(
        self, view: AccountView, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(30)
        await view.read_live(made[0])
        emulator.faults.change({"latency_s": 0.2})
        pages = [asyncio.create_task(view.read(ORG, account_id)) for account_id in made[1:]]
        await asyncio.sleep(0.05)
        began = time.perf_counter()

        await view.read_live(made[0])

        assert time.perf_counter() - began < 0.4
        await asyncio.gather(*pages)


class TestWithoutRedis:
    async def test_still_reads_and_shares_calls(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        redis = Redis.from_url("redis://127.0.0.1:1")
        await redis.open()
        view = AccountView(salesforce, redis, Broadcast(redis, "redis://127.0.0.1:1", channel="notices"))
        made = make_accounts(50)
        emulator.journal.clear()

        sightings = await asyncio.gather(*(view.read(ORG, account_id) for account_id in made * 4))
        async with view.writing(made[0]):
            update_account(emulator, made[0], Internet_Eligibility_Status__c="Pending")

        assert len(list_calls(emulator)) <= 3
        assert {sighting.freshness.source for sighting in sightings} == {"salesforce"}
        assert (await view.read(ORG, made[0])).facts.eligibility.status is EligibilityStatus.PENDING
        await redis.close()
