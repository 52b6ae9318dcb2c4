"""Case: the review of a customer's address, opened once for each request of ours."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from sf_sync.objects.account import EligibilityFacts


class OpenEligibilityCase(Struct, frozen=True, kw_only=True):
    """Open a review and mark the account pending.

    `expected` are the facts that the decision was made on: the account is changed only while its status,
    its case and the presence of its first request time are still these. `request_id` is ours and makes the
    Case unique: a second delivery of the same command finds the first one's Case.
    """

    request_id: UUID
    account_id: str
    expected: EligibilityFacts
    requested_at: datetime
    """Becomes the account's request time only when it has none yet."""
    service_address: str
    contact_id: str | None = None
    sku: str | None = None
    notes: str | None = None


class OpenedCase(Struct, frozen=True, kw_only=True):
    """A Case that one of our requests opened."""

    case_id: str
    request_id: UUID
    account_id: str
    opened_at: datetime
    is_closed: bool
