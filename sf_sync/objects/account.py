"""Account: our two facts about it, how Salesforce spells them and how a row is read."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from sf_sync.settings import AccountFieldNames


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


class EligibilityFacts(Struct, frozen=True, kw_only=True):
    """`result` is the reviewer's code (`Home`, `Apartment`, …); `requested_at` the first request's time."""

    status: EligibilityStatus
    result: str | None = None
    requested_at: datetime | None = None
    checked_at: datetime | None = None
    notes: str | None = None
    case_id: str | None = None


class VerificationFacts(Struct, frozen=True, kw_only=True):
    """`rejection_message` is for the customer; `note` too, but not about a rejection."""

    status: VerificationStatus
    submitted_at: datetime | None = None
    verified_at: datetime | None = None
    note: str | None = None
    rejection_message: str | None = None
    document_id: str | None = None


class AccountFacts(Struct, frozen=True, kw_only=True):
    """What the product knows of one account. `account_id` has 18 characters; `modified_at` is
    SystemModstamp.
    """

    account_id: str
    modified_at: datetime
    eligibility: EligibilityFacts
    verification: VerificationFacts


def get_account_fields(names: AccountFieldNames) -> tuple[str, ...]:
    """Every field that `parse_account` reads."""
    raise NotImplementedError


def parse_account(row: Mapping[str, Any], names: AccountFieldNames) -> AccountFacts:
    """Raises AnswerMalformed when the row is not an Account with these fields."""
    raise NotImplementedError
