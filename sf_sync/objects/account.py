"""Account: our two facts about it, how Salesforce spells them, how a row is read and how a change is
written."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
import structlog
from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.ids import parse_record_id
from sf_sync.objects.values import (
    Row,
    find_instant,
    find_reference,
    find_text,
    format_instant,
    get_instant,
    get_record_id,
    get_value,
)
from sf_sync.settings import AccountFieldNames

SOBJECT = "Account"
KEY_PREFIX = "001"

_log = structlog.get_logger(__name__)


class EligibilityStatus(StrEnum):
    """Can internet be delivered to the customer's address? Only `ELIGIBLE` ever allows."""

    NOT_REQUESTED = "not_requested"
    PENDING = "pending"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    UNKNOWN = "unknown"


class VerificationStatus(StrEnum):
    """Is the customer's identity document accepted?"""

    NOT_SUBMITTED = "not_submitted"
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


ELIGIBILITY_PICKLIST: Mapping[str, EligibilityStatus] = {
    "Not Requested": EligibilityStatus.NOT_REQUESTED,
    "Pending": EligibilityStatus.PENDING,
    "Eligible": EligibilityStatus.ELIGIBLE,
    "Ineligible": EligibilityStatus.INELIGIBLE,
}
VERIFICATION_PICKLIST: Mapping[str, VerificationStatus] = {
    "Not Submitted": VerificationStatus.NOT_SUBMITTED,
    "Submitted": VerificationStatus.SUBMITTED,
    "Verified": VerificationStatus.VERIFIED,
    "Rejected": VerificationStatus.REJECTED,
}


class EligibilityFacts(Struct, frozen=True, kw_only=True):
    """`result` is the reviewer's code (`Home`, `Apartment`, …); `requested_at` the first request's time."""

    status: EligibilityStatus
    result: str | None = None
    requested_at: datetime | None = None
    checked_at: datetime | None = None
    notes: str | None = None
    case_id: str | None = None


class VerificationFacts(Struct, frozen=True, kw_only=True):
    """`rejection_message` is for the customer; `note` too, but not about a rejection.

    A verdict belongs to the version that was under review: one about an earlier version than `submitted_version_id`
    reads as `SUBMITTED`.
    """

    status: VerificationStatus
    submitted_at: datetime | None = None
    verified_at: datetime | None = None
    note: str | None = None
    rejection_message: str | None = None
    document_id: str | None = None
    submitted_version_id: str | None = None


class AccountFacts(Struct, frozen=True, kw_only=True):
    """What the product knows of one account. `account_id` has 18 characters; `modified_at` is
    SystemModstamp."""

    account_id: str
    modified_at: datetime
    eligibility: EligibilityFacts
    verification: VerificationFacts


Status = TypeVar("Status", EligibilityStatus, VerificationStatus)


def parse_account_id(text: str) -> str:
    """The 18-character form. Raises InvalidRecordId, also for the id of another object."""
    return parse_record_id(text, prefix=KEY_PREFIX)


def get_account_fields(names: AccountFieldNames) -> tuple[str, ...]:
    """Every field that `parse_account` reads."""
    return ("Id", "SystemModstamp", *msgspec.structs.astuple(names))


def parse_account(row: Row, names: AccountFieldNames) -> AccountFacts:
    """Raises AnswerMalformed when the row is not an Account with these fields."""
    return AccountFacts(
        account_id=get_record_id(row, "Id", prefix=KEY_PREFIX),
        modified_at=get_instant(row, "SystemModstamp"),
        eligibility=_parse_eligibility(row, names),
        verification=_parse_verification(row, names),
    )


def _parse_eligibility(row: Row, names: AccountFieldNames) -> EligibilityFacts:
    return EligibilityFacts(
        status=_parse_status(
            row,
            names.eligibility_status,
            ELIGIBILITY_PICKLIST,
            empty=EligibilityStatus.NOT_REQUESTED,
            unknown=EligibilityStatus.UNKNOWN,
        ),
        result=find_text(row, names.eligibility_result),
        requested_at=find_instant(row, names.eligibility_requested_at),
        checked_at=find_instant(row, names.eligibility_checked_at),
        notes=find_text(row, names.eligibility_notes),
        case_id=find_reference(row, names.eligibility_case_id),
    )


def _parse_verification(row: Row, names: AccountFieldNames) -> VerificationFacts:
    status = _parse_status(
        row,
        names.verification_status,
        VERIFICATION_PICKLIST,
        empty=VerificationStatus.NOT_SUBMITTED,
        unknown=VerificationStatus.UNKNOWN,
    )
    submitted = find_reference(row, names.verification_submitted_version_id)
    reviewed = find_reference(row, names.verification_reviewed_version_id)
    return VerificationFacts(
        status=_bind_verdict(status, submitted=submitted, reviewed=reviewed),
        submitted_at=find_instant(row, names.verification_submitted_at),
        verified_at=find_instant(row, names.verification_verified_at),
        note=find_text(row, names.verification_note),
        rejection_message=find_text(row, names.verification_rejection_message),
        document_id=find_reference(row, names.verification_document_id),
        submitted_version_id=submitted,
    )


def _bind_verdict(
    status: VerificationStatus, *, submitted: str | None, reviewed: str | None
) -> VerificationStatus:
    """Nobody is verified, or rejected, by a document that the reviewer did not look at."""
    is_verdict = status in (VerificationStatus.VERIFIED, VerificationStatus.REJECTED)
    is_about_another = submitted is not None and reviewed is not None and submitted != reviewed
    return VerificationStatus.SUBMITTED if is_verdict and is_about_another else status


def _parse_status(
    row: Row, field: str, picklist: Mapping[str, Status], *, empty: Status, unknown: Status
) -> Status:
    """Exact spelling only: a value in another case or with a space more is not the one that was agreed on."""
    value = get_value(row, field)
    if value is None:
        return empty
    status = picklist.get(value) if isinstance(value, str) else None
    if status is None:
        # The value itself stays out of the log: an open picklist may hold anything a person typed.
        _log.error("unknown_picklist_value", sobject=SOBJECT, field=field)
        return unknown
    return status


def format_pending(
    expected: EligibilityFacts, *, requested_at: datetime, case_id: str, names: AccountFieldNames
) -> dict[str, Any]:
    """The change that marks an account's review as begun; the first request's time is never overwritten."""
    change: dict[str, Any] = {names.eligibility_status: "Pending", names.eligibility_case_id: case_id}
    if expected.requested_at is None:
        change[names.eligibility_requested_at] = format_instant(requested_at)
    return change


def format_guard(account_id: str, expected: EligibilityFacts, names: AccountFieldNames) -> str:
    """SOQL that finds the account only while what a decision was made on still holds."""
    conditions = " AND ".join(
        (
            format_soql("Id = {}", account_id),
            _format_status_condition(expected.status, names),
            _format_case_condition(expected.case_id, names),
            f"{names.eligibility_requested_at} {'=' if expected.requested_at is None else '!='} null",
        )
    )
    return format_soql("SELECT Id FROM Account WHERE {:literal}", conditions)


def _format_status_condition(status: EligibilityStatus, names: AccountFieldNames) -> str:
    """Raises ValueError for UNKNOWN: nothing may be decided on it."""
    spelling = next((text for text, meant in ELIGIBILITY_PICKLIST.items() if meant is status), None)
    if spelling is None:
        raise ValueError("an unknown status is no state to start from")
    condition = names.eligibility_status + format_soql(" = {}", spelling)
    if status is EligibilityStatus.NOT_REQUESTED:
        return f"({condition} OR {names.eligibility_status} = null)"
    return condition


def _format_case_condition(case_id: str | None, names: AccountFieldNames) -> str:
    """A text field may hold either form of the id."""
    if case_id is None:
        return f"{names.eligibility_case_id} = null"
    return names.eligibility_case_id + format_soql(" IN {}", [case_id, case_id[:15]])


def format_account_query(account_id: str, names: AccountFieldNames) -> str:
    fields = ", ".join(get_account_fields(names))
    return format_soql("SELECT {:literal} FROM Account WHERE Id = {}", fields, account_id)


def format_changes_query(since: datetime, after_id: str | None, limit: int) -> str:
    """Accounts changed after (`since`, `after_id`), oldest first."""
    instant = format_instant(since)
    later = format_soql("SystemModstamp > {:literal}", instant)
    if after_id is not None:
        same = format_soql("SystemModstamp = {:literal} AND Id > {}", instant, after_id)
        later = f"({later} OR ({same}))"
    return format_soql(
        "SELECT Id, SystemModstamp FROM Account WHERE {:literal} ORDER BY SystemModstamp, Id LIMIT {}",
        later,
        limit,
    )
