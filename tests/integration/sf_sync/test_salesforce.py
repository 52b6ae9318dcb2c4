"""Opening a Case on the emulator: one call, one transaction, never twice, never over a reviewer's decision."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from sf_sync.client import SalesforceClient
from sf_sync.client.breaker import Breaker
from sf_sync.emulator.app import Emulator
from sf_sync.errors import OutcomeUnknown, SalesforceMisconfigured, SalesforceUnavailable
from sf_sync.objects.account import AccountFacts, EligibilityFacts, EligibilityStatus
from sf_sync.objects.case import OpenEligibilityCase
from sf_sync.salesforce import CaseOpened, CaseSuperseded, Salesforce
from sf_sync.settings import SalesforceSettings
from tests.integration.sf_sync.conftest import MakeAccounts
from tests.integration.sf_sync.org import change, list_calls, list_cases, update_account

pytestmark = pytest.mark.asyncio

COMPOSITE = "POST /services/data/v66.0/composite"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NEW = EligibilityFacts(status=EligibilityStatus.NOT_REQUESTED)


def make_command(
    account_id: str,
    *,
    expected: EligibilityFacts = NEW,
    request_id: UUID | None = None,
    notes: str | None = None,
) -> OpenEligibilityCase:
    return OpenEligibilityCase(
        request_id=request_id or uuid4(),
        account_id=account_id,
        expected=expected,
        requested_at=AT,
        service_address="1-2-3 Aoba, Sendai",
        sku="HOME-100",
        notes=notes,
    )


async def read(salesforce: Salesforce, account_id: str) -> AccountFacts:
    facts = (await salesforce.read_accounts([account_id]))[account_id]
    assert facts is not None
    return facts


class TestRequest:
    async def test_makes_case_and_account_in_one_call(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        command = make_command(account_id, notes="ring twice")
        emulator.journal.clear()

        outcome = await salesforce.open_eligibility_case(command)

        assert list_calls(emulator) == [COMPOSITE]
        assert len(emulator.journal.commits) == 1
        [case] = list_cases(emulator, account_id)
        assert outcome == CaseOpened(case_id=case["Id"], is_new=True)
        assert case["Portal_Request_Id__c"] == str(command.request_id)
        assert case["Portal_Service_Address__c"] == "1-2-3 Aoba, Sendai"
        assert (case["Portal_Product_Sku__c"], case["Portal_Notes__c"]) == ("HOME-100", "ring twice")
        assert emulator.org.get("RecordType", case["RecordTypeId"])["DeveloperName"] == "Internet_Eligibility"
        facts = await read(salesforce, account_id)
        assert facts.eligibility == EligibilityFacts(
            status=EligibilityStatus.PENDING, requested_at=AT, case_id=case["Id"]
        )

    async def test_is_one_call_each_for_many_accounts(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(50)
        await salesforce.open_eligibility_case(make_command(make_accounts()[0]))
        emulator.journal.clear()

        await asyncio.gather(
            *(salesforce.open_eligibility_case(make_command(account_id), timeout_s=30) for account_id in made)
        )

        assert list_calls(emulator) == [COMPOSITE] * 50

    async def test_sent_twice_makes_one_case(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        command = make_command(account_id)

        first = await salesforce.open_eligibility_case(command)
        second = await salesforce.open_eligibility_case(command)

        assert isinstance(first, CaseOpened)
        assert second == CaseOpened(case_id=first.case_id, is_new=False)
        assert len(list_cases(emulator, account_id)) == 1

    async def test_keeps_the_first_request_time(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        first = AT - timedelta(days=30)
        [account_id] = make_accounts(
            Internet_Eligibility_Status__c="Ineligible",
            Internet_Eligibility_Request_Date_Time__c=first.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        expected = (await read(salesforce, account_id)).eligibility

        await salesforce.open_eligibility_case(make_command(account_id, expected=expected))

        facts = await read(salesforce, account_id)
        assert (facts.eligibility.status, facts.eligibility.requested_at) == ("pending", first)

    async def test_keeps_a_first_request_time_that_it_did_not_know_of(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts(Internet_Eligibility_Request_Date_Time__c="2025-01-01T00:00:00Z")
        emulator.journal.clear()

        outcome = await salesforce.open_eligibility_case(make_command(account_id))

        assert isinstance(outcome, CaseOpened)
        assert (await read(salesforce, account_id)).eligibility.requested_at == datetime(
            2025, 1, 1, tzinfo=UTC
        )
        assert list_calls(emulator)[:3] == [COMPOSITE] * 3

    async def test_cannot_smuggle_a_reference(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()

        await salesforce.open_eligibility_case(
            make_command(account_id, notes="@{guard.records[0].Id} @{nothing.id}")
        )

        [case] = list_cases(emulator, account_id)
        assert case["Portal_Notes__c"] == "@ {guard.records[0].Id} @ {nothing.id}"

    async def test_is_refused_where_the_record_type_is_missing(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        with change(emulator) as transaction:
            for row in emulator.org.select("RecordType"):
                transaction.update("RecordType", row["Id"], {"IsActive": False}, as_system=True)

        with pytest.raises(SalesforceMisconfigured):
            await salesforce.open_eligibility_case(make_command(account_id))

        assert list_cases(emulator, account_id) == []


class TestDecision:
    @pytest.mark.parametrize("status", ["Eligible", "Ineligible", "Pending"])
    async def test_is_never_overwritten(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator, status: str
    ) -> None:
        [account_id] = make_accounts()
        update_account(emulator, account_id, Internet_Eligibility_Status__c=status)

        outcome = await salesforce.open_eligibility_case(make_command(account_id))

        assert isinstance(outcome, CaseSuperseded)
        assert list_cases(emulator, account_id) == []
        assert emulator.org.get("Account", account_id)["Internet_Eligibility_Status__c"] == status

    async def test_survives_a_late_second_delivery(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        command = make_command(account_id)
        await salesforce.open_eligibility_case(command)
        update_account(emulator, account_id, Internet_Eligibility_Status__c="Ineligible")

        outcome = await salesforce.open_eligibility_case(command)

        assert isinstance(outcome, CaseOpened)
        assert not outcome.is_new
        assert emulator.org.get("Account", account_id)["Internet_Eligibility_Status__c"] == "Ineligible"

    async def test_lets_one_of_many_requests_through(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()

        outcomes = await asyncio.gather(
            *(salesforce.open_eligibility_case(make_command(account_id), timeout_s=30) for _ in range(20))
        )

        assert sum(isinstance(outcome, CaseOpened) for outcome in outcomes) == 1
        assert len(list_cases(emulator, account_id)) == 1

    async def test_of_a_deleted_account_is_superseded(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        with change(emulator) as transaction:
            transaction.delete("Account", account_id)

        assert await salesforce.open_eligibility_case(make_command(account_id)) == CaseSuperseded(facts=None)


class TestLostAnswer:
    async def test_after_the_commit_is_found_by_our_id(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        command = make_command(account_id)
        emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})

        with pytest.raises(OutcomeUnknown):
            await salesforce.open_eligibility_case(command)
        found = await salesforce.find_eligibility_case(command.request_id)

        assert found is not None
        assert (found.account_id, found.is_closed) == (account_id, False)

    async def test_before_the_commit_finds_nothing(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        command = make_command(account_id)
        emulator.faults.change({"cut_before": True, "method": "POST", "times": 1})

        with pytest.raises(OutcomeUnknown):
            await salesforce.open_eligibility_case(command)

        assert await salesforce.find_eligibility_case(command.request_id) is None

    async def test_of_every_third_call_makes_no_case_double_or_missing(
        self,
        salesforce_settings: SalesforceSettings,
        emulator_transport: httpx.ASGITransport,
        make_accounts: MakeAccounts,
        emulator: Emulator,
    ) -> None:
        made = make_accounts(300)
        # The test is about lost answers alone, so three of them in a row must not open the breaker.
        client = SalesforceClient(
            salesforce_settings, transport=emulator_transport, breaker=Breaker(failures_to_open=10_000)
        )
        await client.open()
        salesforce = Salesforce(client)
        emulator.faults.change({"cut_before_ratio": 0.1, "cut_after_ratio": 0.2, "seed": 7})

        outcomes = await asyncio.gather(
            *(deliver(salesforce, make_command(account_id)) for account_id in made)
        )
        await client.close()

        cases = [case["Id"] for account_id in made for case in list_cases(emulator, account_id)]
        assert sorted(cases) == sorted(outcome.case_id for outcome in outcomes)
        assert len(cases) == 300


async def deliver(salesforce: Salesforce, command: OpenEligibilityCase) -> CaseOpened:
    """As an outbox does: the same command until the outcome is known."""
    while True:
        try:
            outcome = await salesforce.open_eligibility_case(command, timeout_s=60)
        except (OutcomeUnknown, SalesforceUnavailable):
            continue
        assert isinstance(outcome, CaseOpened)
        return outcome
