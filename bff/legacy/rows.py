"""A row of the older portal's table, and how its statuses are spelt."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class RowStatus(StrEnum):
    """A row exists, so something was submitted."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


SPELLINGS: Mapping[str, RowStatus] = {
    "pending": RowStatus.SUBMITTED,
    "submitted": RowStatus.SUBMITTED,
    "in_review": RowStatus.SUBMITTED,
    "verified": RowStatus.VERIFIED,
    "approved": RowStatus.VERIFIED,
    "rejected": RowStatus.REJECTED,
}
WRITTEN: Mapping[RowStatus, str] = {
    RowStatus.SUBMITTED: "pending",
    RowStatus.VERIFIED: "verified",
    RowStatus.REJECTED: "rejected",
}


def parse_status(text: str | None) -> RowStatus:
    """Never guessed: what is not in the table of spellings is unknown, which blocks and is reported."""
    return SPELLINGS.get((text or "").strip().lower(), RowStatus.UNKNOWN)


NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""When a row without a time was submitted: before all others."""


class LegacyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One submission without its bytes. `customer` is the key as the table has it, `size` that of the bytes."""

    id: str
    customer: str
    file_name: str
    content_type: str
    size: int
    status: RowStatus
    note: str | None
    message: str | None
    submitted_at: datetime
    reviewed_at: datetime | None
    updated_at: datetime

    @property
    def decided_at(self) -> datetime:
        """When the status became what it is."""
        return self.reviewed_at or self.submitted_at

    @property
    def order(self) -> tuple[datetime, str]:
        """Documents of one customer follow each other in this order."""
        return self.submitted_at, self.id


def make_row(values: Mapping[str, Any]) -> LegacyRow:
    """From columns as the table has them, any of which but the id may be NULL there."""
    texts = {name: values[name] or "" for name in ("customer", "file_name", "content_type")}
    submitted_at = values["submitted_at"] or NEVER
    updated_at = values["updated_at"] or values["reviewed_at"] or submitted_at
    times = {"submitted_at": submitted_at, "updated_at": updated_at}
    return LegacyRow(**dict(values) | texts | times | {"status": parse_status(values["status"])})


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that goes into the table too, while documents are written to both sides."""

    id: str
    customer: str
    file_name: str
    content_type: str
    content: bytes
    submitted_at: datetime


class LinkedCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose row it is. Without an account there is nowhere to move it."""

    customer_id: UUID
    account_id: str | None
