"""Reading accounts and listing changed ones on the emulator."""

from datetime import timedelta

import pytest

from sf_sync.emulator.app import Emulator
from sf_sync.objects.account import AccountFacts, EligibilityStatus, VerificationStatus
from sf_sync.salesforce import Salesforce
from tests.integration.sf_sync.conftest import MakeAccounts
from tests.integration.sf_sync.org import change, list_calls

pytestmark = pytest.mark.asyncio


async def read(salesforce: Salesforce, account_id: str) -> AccountFacts:
    facts = (await salesforce.read_accounts([account_id]))[account_id]
    assert facts is not None
    return facts


class TestReadAccounts:
    async def test_is_one_call_for_both_facts(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(
            3, Internet_Eligibility_Status__c="Eligible", Id_Verification_Status__c="Verified"
        )
        emulator.journal.clear()

        found = await salesforce.read_accounts([*made, made[0][:15]])

        assert list_calls(emulator) == ["POST /services/data/v66.0/composite/sobjects/Account"]
        assert list(found) == made
        assert {facts.eligibility.status for facts in found.values() if facts} == {"eligible"}
        assert {facts.verification.status for facts in found.values() if facts} == {"verified"}

    async def test_knows_no_deleted_account(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        with change(emulator) as transaction:
            transaction.delete("Account", account_id)

        assert await salesforce.read_accounts([account_id]) == {account_id: None}

    async def test_blocks_on_an_unknown_picklist_value(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts(Internet_Eligibility_Status__c="Eligible")
        emulator.faults.change({"unknown_picklist": True})

        facts = await read(salesforce, account_id)

        assert facts.eligibility.status is EligibilityStatus.UNKNOWN
        assert facts.verification.status is VerificationStatus.UNKNOWN


class TestChangedAccounts:
    async def test_are_listed_page_by_page_though_they_share_an_instant(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        made = make_accounts(25)
        since = (await read(salesforce, made[0])).modified_at - timedelta(seconds=1)
        seen: list[str] = []
        after_id: str | None = None

        while True:
            page = await salesforce.list_changed_accounts(since, after_id=after_id, limit=10)
            seen += [changed.account_id for changed in page.changes]
            if not page.has_more:
                break
            since, after_id = page.changes[-1].modified_at, page.changes[-1].account_id

        assert len(seen) == len(set(seen))
        assert set(made) <= set(seen)

    async def test_hold_deleted_ones(
        self, salesforce: Salesforce, make_accounts: MakeAccounts, emulator: Emulator
    ) -> None:
        [account_id] = make_accounts()
        since = (await read(salesforce, account_id)).modified_at - timedelta(seconds=1)
        with change(emulator) as transaction:
            transaction.delete("Account", account_id)

        page = await salesforce.list_changed_accounts(since)

        assert account_id in {changed.account_id for changed in page.changes}
