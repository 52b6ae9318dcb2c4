"""What ties a phone number to a customer: how we came to know it, since when, how often, and whether it was proven."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from bff.phones.rules import mask_phone


class LinkSource(StrEnum):
    """How we came to know that the number is the customer's."""

    ORDER = "order"
    CODE_VERIFIED = "code_verified"
    TILL = "till"
    AGENT = "agent"
    REGISTRATION = "registration"


class LinkOutcome(StrEnum):
    """What a use of a number came to. The last three wrote nothing."""

    CREATED = "created"
    REFRESHED = "refreshed"
    OPERATOR_NUMBER = "operator_number"
    OPERATOR_ACCOUNT = "operator_account"
    NOT_PERSONAL = "not_personal"


class PhoneLink(msgspec.Struct, frozen=True, kw_only=True):
    """`is_live` is False from an unlinking until the number is seen again; the unlinking stays as history.

    `is_verified` is about a proof after the last unlinking.
    """

    id: UUID
    customer_id: UUID
    phone: str
    source: LinkSource
    is_verified: bool
    is_live: bool
    verified_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    times: int
    unlinked_at: datetime | None
    unlinked_by: str | None
    unlink_reason: str | None

    def __repr__(self) -> str:
        return f"PhoneLink({self.id}, {mask_phone(self.phone)!r}, {self.source.value})"
