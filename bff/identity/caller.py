"""The verified caller of a request, with all that a cached read needs so that it touches no database."""

from enum import StrEnum
from uuid import UUID

import msgspec


class CallerKind(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"
    MACHINE = "machine"


class StaffRole(StrEnum):
    SUPPORT = "support"
    POS = "pos"
    ADMIN = "admin"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, in which org. `customer_id` and `account_id` are set for customers, `role` for staff.

    `account_id` is the 18-character Salesforce id, or None while the customer has no Account yet.
    `locale` is the language in which the caller is answered (`bff.identity.language`). `session_key` names the
    session of a browser and is None for bearer tokens.
    """

    kind: CallerKind
    org_id: UUID
    org_slug: str
    region: str
    locale: str
    user_id: UUID | None = None
    customer_id: UUID | None = None
    account_id: str | None = None
    staff_id: UUID | None = None
    role: StaffRole | None = None
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    session_key: str | None = None

    @property
    def actor(self) -> str:
        """A stable name for audit lines and idempotency rows, such as `customer:<id>`."""
        subject = self.customer_id or self.staff_id or self.client_id or self.user_id
        return f"{self.kind}:{subject}"
