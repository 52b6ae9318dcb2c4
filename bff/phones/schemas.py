"""The wire shapes of links between numbers and customers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from bff.phones.links import LinkSource, PhoneLink
from bff.phones.rules import LONGEST, mask_phone

# Several lines that say something; no control characters.
_REASON = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
REASON = QueryParameter(name="reason", min_length=1, max_length=500, pattern=_REASON)


class PhoneLinkInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """In any spelling; without a country code the number is the org's region's."""

    phone: Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class PhoneLinkAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`phone` is masked. `live` is false from an unlinking until the number is seen again; `unlinked…` tell of the
    last unlinking.
    """

    id: UUID
    phone: str
    source: LinkSource
    verified: bool
    live: bool
    first_seen_at: datetime
    last_seen_at: datetime
    times: int
    unlinked_at: datetime | None
    unlinked_by: str | None
    unlink_reason: str | None


class PhoneLinkList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Live ones first, proven before others, then the latest seen; at most 100."""

    items: list[PhoneLinkAnswer]
    next_cursor: str | None = None


def make_phone_link(link: PhoneLink) -> PhoneLinkAnswer:
    return PhoneLinkAnswer(
        id=link.id,
        phone=mask_phone(link.phone),
        source=link.source,
        verified=link.is_verified,
        live=link.is_live,
        first_seen_at=link.first_seen_at.replace(microsecond=0),
        last_seen_at=link.last_seen_at.replace(microsecond=0),
        times=link.times,
        unlinked_at=link.unlinked_at.replace(microsecond=0) if link.unlinked_at else None,
        unlinked_by=link.unlinked_by,
        unlink_reason=link.unlink_reason,
    )
