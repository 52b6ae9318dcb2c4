"""The org's flows of ID verification: a verdict belongs to a version, and a review on an order decides for the Account.

A real org gets the same from validation rules and record-triggered flows: they know the record before and after a
save, not which fields a caller named. So a newly submitted version takes the reviewed one away, and what stands in
that field at a verdict was named for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sf_sync.emulator.changes import Change
from sf_sync.emulator.files import find_latest_version, find_version, link_document
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.transaction import Transaction

STATUS = "Id_Verification_Status__c"
SUBMITTED_VERSION = "Id_Verification_Submitted_Version_Id__c"
REVIEWED_VERSION = "Id_Verification_Reviewed_Version_Id__c"
DOCUMENT = "Id_Verification_Content_Document_Id__c"
VERIFIED_AT = "Id_Verification_Verified_Date_Time__c"
NOTE = "Id_Verification_Note__c"
REJECTION = "Id_Verification_Rejection_Message__c"
VERDICTS = frozenset({"Verified", "Rejected"})

ORDER_STATUS = "Id_Review_Status__c"
ORDER_MESSAGE = "Id_Review_Message__c"
ORDER_VERSION = "Id_Review_Version_Id__c"
ORDER_VERDICTS = {"Approved": "Verified", "Rejected": "Rejected"}
"""What the review on an order makes of the Account's status."""

NEWER_DOCUMENT = (
    "A newer document arrived while this one was under review. Open the newest version and decide again."
)


def bind_verdicts(transaction: Transaction, changes: Sequence[Change]) -> None:
    """Refuse a verdict about another version than the submitted one, and complete every other."""
    for change in changes:
        account = change.after
        if change.entity != "Account" or account is None or change.kind == "UNDELETE":
            continue
        outcome = _plan_outcome(change, account, at=transaction.stamp)
        change_needed = {name: value for name, value in outcome.items() if account.get(name) != value}
        if change_needed:
            transaction.update("Account", account["Id"], change_needed, as_system=True)


def roll_up_order_reviews(transaction: Transaction, changes: Sequence[Change]) -> None:
    """An order's review, approved or rejected, is the Account's verdict too, so that the next order needs none."""
    for change in changes:
        order = change.after
        if change.entity != "Order" or order is None or ORDER_STATUS not in change.changed:
            continue
        if order.get(ORDER_STATUS) in ORDER_VERDICTS and change.kind != "UNDELETE":
            _roll_up(transaction, order)


def same_record(one: str | None, other: str | None) -> bool:
    """The fields are plain text, so they may hold either form of an id."""
    return (one or "")[:15] == (other or "")[:15]


def _plan_outcome(change: Change, account: Row, *, at: str) -> Mapping[str, Any]:
    if account.get(STATUS) in VERDICTS:
        if change.changed & {STATUS, REVIEWED_VERSION}:
            _refuse_other_version(account)
        return _complete_verdict(change, account, at=at) if STATUS in change.changed else {}
    if SUBMITTED_VERSION in change.changed and REVIEWED_VERSION not in change.changed:
        return {REVIEWED_VERSION: None}
    return {}


def _refuse_other_version(account: Row) -> None:
    submitted, reviewed = account.get(SUBMITTED_VERSION), account.get(REVIEWED_VERSION)
    if submitted is not None and reviewed is not None and not same_record(submitted, reviewed):
        raise SalesforceRefusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", NEWER_DOCUMENT, fields=[])


def _complete_verdict(change: Change, account: Row, *, at: str) -> Mapping[str, Any]:
    reviewed = account.get(REVIEWED_VERSION) or account.get(SUBMITTED_VERSION)
    if account[STATUS] == "Rejected":
        return {REVIEWED_VERSION: reviewed, VERIFIED_AT: None}
    given = account.get(VERIFIED_AT) if VERIFIED_AT in change.changed else None
    return {REVIEWED_VERSION: reviewed, VERIFIED_AT: given or at, REJECTION: None}


def _roll_up(transaction: Transaction, order: Row) -> None:
    account = transaction.get("Account", order["AccountId"])
    version_id = order.get(ORDER_VERSION) or account.get(SUBMITTED_VERSION)
    verdict: Row = {
        STATUS: ORDER_VERDICTS[order[ORDER_STATUS]],
        REVIEWED_VERSION: version_id,
        **_describe_words(order, at=transaction.stamp),
    }
    if version_id is not None:
        version = _get_version(transaction, version_id)
        link_document(transaction, version["ContentDocumentId"], account["Id"])
        if ORDER_VERSION not in order:
            transaction.update("Order", order["Id"], {ORDER_VERSION: version_id}, as_system=True)
        if SUBMITTED_VERSION not in account:
            verdict |= _describe_submission(transaction, version)
    transaction.update("Account", account["Id"], verdict, as_system=True)


def _describe_words(order: Row, *, at: str) -> Row:
    if order[ORDER_STATUS] == "Rejected":
        return {REJECTION: order.get(ORDER_MESSAGE)}
    return {NOTE: order.get(ORDER_MESSAGE), VERIFIED_AT: at}


def _describe_submission(transaction: Transaction, version: Row) -> Row:
    """The document was submitted with the order alone; what was submitted last is its latest version."""
    latest = find_latest_version(transaction.org, version["ContentDocumentId"]) or version
    return {DOCUMENT: version["ContentDocumentId"], SUBMITTED_VERSION: latest["Id"]}


def _get_version(transaction: Transaction, version_id: str) -> Row:
    version = find_version(transaction.org, version_id)
    if version is None:
        message = "The document under review is not there any more."
        raise SalesforceRefusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, fields=[ORDER_VERSION])
    return version
