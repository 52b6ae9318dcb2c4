"""What the org does by itself when a reviewer decides."""

from typing import Any

import pytest

from sf_sync.emulator.automation import register_automation
from sf_sync.emulator.platform_seed import REVIEWER_USERNAME, find_user_id, seed_platform
from sf_sync.emulator.schema.catalogue import ENTITIES
from sf_sync.emulator.store import Org

STATUS = "Internet_Eligibility_Status__c"
RESULT = "Internet_Eligibility__c"
NOTES = "Internet_Eligibility_Notes__c"
CHECKED = "Internet_Eligibility_Checked_Date_Time__c"
CASE_ID = "Internet_Eligibility_Case_Id__c"

APPROVAL = {
    "Status": "Closed",
    "Portal_Eligibility_Decision__c": "Approved",
    "Portal_Eligibility_Result__c": "Home",
}
REJECTION = {
    "Status": "Closed",
    "Portal_Eligibility_Decision__c": "Rejected",
    "Portal_Eligibility_Notes__c": "No line in this street.",
}


class Desk:
    """An org with one Account under review."""

    def __init__(self) -> None:
        self.org = Org(ENTITIES)
        seed_platform(self.org)
        register_automation(self.org)
        self.user_id = find_user_id(self.org, REVIEWER_USERNAME) or ""
        self.account_id = self.insert("Account", Name="Hana Sato", **{STATUS: "Pending"})
        self.case_id = self.open_case("Internet_Eligibility")

    def open_case(self, record_type: str) -> str:
        types = self.org.select("RecordType", lambda row: row["DeveloperName"] == record_type)
        return self.insert("Case", AccountId=self.account_id, RecordTypeId=next(types)["Id"])

    def insert(self, entity: str, **values: Any) -> str:
        with self.org.transaction(user_id=self.user_id) as transaction:
            return transaction.insert(entity, values)

    def update(self, entity: str, record_id: str, **values: Any) -> None:
        with self.org.transaction(user_id=self.user_id) as transaction:
            transaction.update(entity, record_id, values)

    @property
    def account(self) -> dict[str, Any]:
        return self.org.get("Account", self.account_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


class TestEligibilityDecision:
    def test_makes_an_approved_account_eligible_with_the_result(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, **APPROVAL)

        assert desk.account[STATUS] == "Eligible"
        assert desk.account[RESULT] == "Home"
        assert desk.account[CHECKED] == desk.org.get("Case", desk.case_id)["ClosedDate"]

    def test_makes_a_rejected_account_ineligible_with_the_notes(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, **REJECTION)

        assert desk.account[STATUS] == "Ineligible"
        assert desk.account[NOTES] == "No line in this street."
        assert RESULT not in desk.account

    def test_clears_what_an_earlier_decision_left(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, **REJECTION)

        desk.update("Case", desk.open_case("Internet_Eligibility"), **APPROVAL)

        assert desk.account[STATUS] == "Eligible"
        assert NOTES not in desk.account

    def test_is_one_commit_with_the_case(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, **APPROVAL)

        changes = desk.org.commits[-1].changes
        assert [change.entity for change in changes] == ["Case", "Account"]

    def test_applies_when_it_is_given_after_closing(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, Status="Closed")
        assert desk.account[STATUS] == "Pending"

        desk.update("Case", desk.case_id, **APPROVAL)

        assert desk.account[STATUS] == "Eligible"

    def test_waits_until_the_case_is_closed(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, Portal_Eligibility_Decision__c="Approved")

        assert desk.account[STATUS] == "Pending"

    def test_does_nothing_for_other_record_types(self, desk: Desk) -> None:
        desk.update("Case", desk.open_case("General"), **APPROVAL)

        assert desk.account[STATUS] == "Pending"

    def test_does_nothing_for_a_case_that_the_account_no_longer_refers_to(self, desk: Desk) -> None:
        current = desk.open_case("Internet_Eligibility")
        desk.update("Account", desk.account_id, **{CASE_ID: current})

        desk.update("Case", desk.case_id, **APPROVAL)
        assert desk.account[STATUS] == "Pending"

        desk.update("Case", current, **REJECTION)
        assert desk.account[STATUS] == "Ineligible"

    def test_is_not_repeated_by_later_changes_of_the_case(self, desk: Desk) -> None:
        desk.update("Case", desk.case_id, **APPROVAL)
        desk.update("Account", desk.account_id, **{STATUS: "Pending"})

        desk.update("Case", desk.case_id, Subject="Filed")

        assert desk.account[STATUS] == "Pending"
