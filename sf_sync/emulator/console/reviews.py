"""Eligibility reviews as the reviewer sees them, and the decision as the reviewer makes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal

import msgspec

from sf_sync.emulator.automation import is_current_case
from sf_sync.emulator.platform_seed import REVIEWER_USERNAME, find_user_id
from sf_sync.emulator.schema.case import ELIGIBILITY_RECORD_TYPE
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.store import Org
from sf_sync.emulator.wire_time import parse_instant

UI_ORIGIN = "com/salesforce/api/soap/66.0;client=SfdcInternalAPI/"
"""The changeOrigin of what a person changes in Salesforce's own pages."""

Decision = Literal["Approved", "Rejected"]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One eligibility Case. `product` is the name behind the SKU, if the org sells it."""

    case_id: str
    number: str
    account_name: str
    account_status: str
    address: str
    sku: str
    product: str
    notes: str
    opened_at: datetime
    is_open: bool
    is_current: bool
    """Whether the Account still refers to this Case; a decision on another one changes nothing."""
    decision: str
    result: str
    decision_notes: str
    closed_at: datetime | None


class AlreadyDecided(Exception):
    """Somebody else closed the Case first."""


class DecisionIncomplete(ValueError):
    """Something is missing; `field` says what and the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Reviews:
    """Reads and decides the eligibility Cases of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    @property
    def results(self) -> Sequence[str]:
        """The result codes that an approval may carry."""
        return self._org.schema["Case"].by_name["Portal_Eligibility_Result__c"].picklist

    def count_open(self) -> int:
        rows = self._org.select("Case", lambda row: row["IsClosed"] is False)
        return sum(map(self._is_eligibility, rows))

    def list_open(self) -> list[Review]:
        """Who has waited longest comes first."""
        return sorted(self._select(closed=False), key=attrgetter("opened_at", "number"))

    def list_decided(self, limit: int) -> list[Review]:
        """The latest decision comes first."""
        decided = [review for review in self._select(closed=True) if review.decision]
        return sorted(decided, key=attrgetter("closed_at", "number"), reverse=True)[:limit]

    def find(self, case_id: str) -> Review | None:
        case = self._org.find("Case", case_id)
        return self._describe(case) if case is not None and self._is_eligibility(case) else None

    def decide(self, case_id: str, decision: Decision, *, result: str, notes: str) -> None:
        """Close the Case with a decision. Raises DecisionIncomplete, AlreadyDecided or SalesforceRefusal."""
        if decision == "Approved" and not result:
            raise DecisionIncomplete("result", "Choose a result before you approve.")
        if decision == "Rejected" and not notes:
            raise DecisionIncomplete("notes", "Say in the notes why before you reject.")
        if self._org.get("Case", case_id)["IsClosed"]:
            raise AlreadyDecided
        outcome = {
            "Status": "Closed",
            "Portal_Eligibility_Decision__c": decision,
            "Portal_Eligibility_Result__c": result if decision == "Approved" else None,
            "Portal_Eligibility_Notes__c": notes or None,
        }
        user_id = find_user_id(self._org, REVIEWER_USERNAME) or ""
        with self._org.transaction(user_id=user_id, origin=UI_ORIGIN) as transaction:
            transaction.update("Case", case_id, outcome)

    def _select(self, *, closed: bool) -> list[Review]:
        rows = self._org.select("Case", lambda row: row["IsClosed"] is closed)
        return [self._describe(row) for row in rows if self._is_eligibility(row)]

    def _is_eligibility(self, case: Row) -> bool:
        record_type = self._org.find("RecordType", case.get("RecordTypeId", ""))
        return (record_type or {}).get("DeveloperName") == ELIGIBILITY_RECORD_TYPE

    def _describe(self, case: Row) -> Review:
        account = self._org.find("Account", case.get("AccountId", "")) or {}
        closed_at = case.get("ClosedDate")
        return Review(
            case_id=case["Id"],
            number=case["CaseNumber"],
            account_name=account.get("Name", "Unknown customer"),
            account_status=account.get("Internet_Eligibility_Status__c", "Not Requested"),
            address=case.get("Portal_Service_Address__c", ""),
            sku=case.get("Portal_Product_Sku__c", ""),
            product=self._find_product(case.get("Portal_Product_Sku__c", "")),
            notes=case.get("Portal_Notes__c", ""),
            opened_at=parse_instant(case["CreatedDate"]),
            is_open=not case["IsClosed"],
            is_current=is_current_case(account, case),
            decision=case.get("Portal_Eligibility_Decision__c", ""),
            result=case.get("Portal_Eligibility_Result__c", ""),
            decision_notes=case.get("Portal_Eligibility_Notes__c", ""),
            closed_at=parse_instant(closed_at) if closed_at else None,
        )

    def _find_product(self, sku: str) -> str:
        if not sku:
            return ""
        sold = self._org.select(
            "Product2", lambda row: sku in (row.get("StockKeepingUnit"), row.get("ProductCode"))
        )
        return str(next((row["Name"] for row in sold), ""))


def format_age(age: timedelta) -> str:
    """`< 1 min`, `5 min`, `3 h`, `2 days`: how long something has waited, rounded down."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "< 1 min"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h"
    days = minutes // (24 * 60)
    return "1 day" if days == 1 else f"{days} days"
