"""The record-triggered flows of the emulated org: what Salesforce does by itself inside a reviewer's transaction.

Each flow is a function over the changes of a statement; it writes in the same transaction, so its changes are
committed and told together with what caused them and carry the same changeOrigin (that a flow inherits it is
unconfirmed on the platform). A flow acts on what changed, never on what it finds, so running it on its own
writes does nothing.
"""

from collections.abc import Sequence
from typing import Any

from sf_sync.emulator.changes import Change
from sf_sync.emulator.id_verification import bind_verdicts, roll_up_order_reviews
from sf_sync.emulator.late_orders import refuse_late_orders
from sf_sync.emulator.schema.case import ELIGIBILITY_RECORD_TYPE
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.store import Org
from sf_sync.emulator.transaction import Automation, Transaction

DECISION_STATUSES = {"Approved": "Eligible", "Rejected": "Ineligible"}
"""What a reviewer's decision on the Case makes of the Account's status."""


def register_automation(org: Org) -> None:
    """Switch the org's flows on."""
    for flow in FLOWS:
        org.add_automation(flow)


def apply_eligibility_decision(transaction: Transaction, changes: Sequence[Change]) -> None:
    """When an eligibility Case is closed with a decision, the Account gets the outcome.

    A Case that the Account no longer refers to is history: its decision changes nothing.
    """
    for change in changes:
        case = change.after
        if change.entity == "Case" and case is not None and _is_decided(transaction, change, case):
            account = transaction.find("Account", case.get("AccountId", ""))
            if account is not None and is_current_case(account, case):
                outcome = _describe_outcome(case, at=transaction.stamp)
                transaction.update("Account", account["Id"], outcome, as_system=True)


def is_current_case(account: Row, case: Row) -> bool:
    """Whether the Account refers to this Case, or to none."""
    # The field is plain text, so it may hold either form of the id.
    current = str(account.get("Internet_Eligibility_Case_Id__c", case["Id"]))
    return current[:15] == str(case["Id"])[:15]


FLOWS: tuple[Automation, ...] = (
    apply_eligibility_decision,
    roll_up_order_reviews,
    bind_verdicts,
    refuse_late_orders,
)
"""In the order in which they run."""


def _is_decided(transaction: Transaction, change: Change, case: Row) -> bool:
    if not case["IsClosed"] or case.get("Portal_Eligibility_Decision__c") not in DECISION_STATUSES:
        return False
    if not change.changed & {"IsClosed", "Portal_Eligibility_Decision__c"}:
        return False
    record_type = transaction.find("RecordType", case.get("RecordTypeId", ""))
    return (record_type or {}).get("DeveloperName") == ELIGIBILITY_RECORD_TYPE


def _describe_outcome(case: Row, *, at: str) -> dict[str, Any]:
    decision = case["Portal_Eligibility_Decision__c"]
    approved = decision == "Approved"
    return {
        "Internet_Eligibility_Status__c": DECISION_STATUSES[decision],
        "Internet_Eligibility__c": case.get("Portal_Eligibility_Result__c") if approved else None,
        "Internet_Eligibility_Notes__c": case.get("Portal_Eligibility_Notes__c"),
        "Internet_Eligibility_Checked_Date_Time__c": at,
    }
