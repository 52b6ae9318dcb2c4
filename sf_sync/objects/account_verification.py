"""The part of Account that a document's submission guards and changes."""

from datetime import datetime
from typing import Any

from simple_salesforce.format import format_soql

from sf_sync.objects.account import VERIFICATION_PICKLIST, VerificationFacts, VerificationStatus
from sf_sync.objects.values import format_instant
from sf_sync.settings import AccountFieldNames

SUBMITTED = "Submitted"


def format_guard(account_id: str, expected: VerificationFacts, names: AccountFieldNames) -> str:
    """SOQL that finds the account, with its document, only while what a decision was made on still holds.

    Raises ValueError for a status from which the portal may not go on.
    """
    conditions = " AND ".join(
        (
            format_soql("Id = {}", account_id),
            _format_status(expected, names),
            _format_id(names.verification_document_id, expected.document_id),
            _format_id(names.verification_submitted_version_id, expected.submitted_version_id),
        )
    )
    return format_soql(
        "SELECT Id, {:literal} FROM Account WHERE {:literal}", names.verification_document_id, conditions
    )


def format_submitted(
    *, submitted_at: datetime, document_id: str, version_id: str, names: AccountFieldNames
) -> dict[str, Any]:
    """The change that puts a document under review; a verdict on an earlier one goes in the same commit."""
    return {
        names.verification_status: SUBMITTED,
        names.verification_submitted_at: format_instant(submitted_at),
        names.verification_document_id: document_id,
        names.verification_submitted_version_id: version_id,
        names.verification_reviewed_version_id: None,
        names.verification_rejection_message: None,
        names.verification_note: None,
    }


def _format_status(expected: VerificationFacts, names: AccountFieldNames) -> str:
    status = expected.status
    if status in (VerificationStatus.UNKNOWN, VerificationStatus.VERIFIED):
        raise ValueError(f"the portal may not turn {status} into submitted")
    spelling = next(text for text, meant in VERIFICATION_PICKLIST.items() if meant is status)
    condition = names.verification_status + format_soql(" = {}", spelling)
    if status is VerificationStatus.NOT_SUBMITTED:
        return f"({condition} OR {names.verification_status} = null)"
    if status is VerificationStatus.SUBMITTED and expected.submitted_version_id is not None:
        return f"({condition} OR ({_format_stale_verdict(expected.submitted_version_id, names)}))"
    return condition


def _format_stale_verdict(submitted_version_id: str, names: AccountFieldNames) -> str:
    """A verdict about another version reads as submitted, so the guard has to find it too."""
    reviewed = names.verification_reviewed_version_id
    verdict = names.verification_status + format_soql(" IN {}", ["Verified", "Rejected"])
    other = reviewed + format_soql(" NOT IN {}", [submitted_version_id, submitted_version_id[:15]])
    return f"{verdict} AND {reviewed} != null AND {other}"


def _format_id(field: str, record_id: str | None) -> str:
    """A text field may hold either form of the id."""
    if record_id is None:
        return f"{field} = null"
    return field + format_soql(" IN {}", [record_id, record_id[:15]])
