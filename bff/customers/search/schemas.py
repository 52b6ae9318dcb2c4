"""The wire shapes of a search."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from bff.customers.rules import CreatedContext, CustomerKind, CustomerStatus, mask_email
from bff.customers.search.rules import Found, Hint, Match, MatchedBy, Page
from bff.freshness import to_seconds
from bff.phones import LinkSource, mask_phone

# Something to read, and no control characters.
_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"

PHONE = QueryParameter(name="phone", min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")
NAME = QueryParameter(name="name", min_length=1, max_length=200, pattern=_LINE)
EMAIL = QueryParameter(name="email", min_length=3, max_length=254, pattern=_LINE)
NUMBER = QueryParameter(name="number", min_length=1, max_length=60, pattern=_LINE)
PURPOSE = QueryParameter(name="purpose", min_length=1, max_length=200, pattern=_LINE)
SEARCH_CURSOR = QueryParameter(name="cursor", min_length=1, max_length=1200, pattern=r"^[A-Za-z0-9._-]+$")


class MatchAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a customer was found. All but `by` and `hints` is about the link to a phone number, else null."""

    by: MatchedBy
    link_id: UUID | None
    phone: str | None
    source: LinkSource | None
    verified: bool | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    times: int | None
    hints: list[Hint]


class FoundAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A customer of the caller's org. `phone` and `email` are masked unless `revealed`, as in `matches`."""

    id: UUID
    customer_number: str
    type: CustomerKind
    first_name: str | None
    last_name: str | None
    name2: str | None
    phone: str | None
    email: str | None
    phone_verified: bool
    email_verified: bool
    status: CustomerStatus
    created_context: CreatedContext
    created_at: datetime
    matches: list[MatchAnswer]
    revealed: bool


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By number or e-mail address the proven first, then the latest; by name in the order of the alphabet."""

    items: list[FoundAnswer]
    next_cursor: str | None


def make_search_answer(page: Page, *, is_revealed: bool) -> SearchAnswer:
    return SearchAnswer(
        items=[_make_found(found, is_revealed=is_revealed) for found in page.items],
        next_cursor=page.next_cursor,
    )


def _make_found(found: Found, *, is_revealed: bool) -> FoundAnswer:
    email = found.email if is_revealed or found.email is None else mask_email(found.email)
    return FoundAnswer(
        id=found.id,
        customer_number=found.shown_number,
        type=found.kind,
        first_name=found.first_name,
        last_name=found.last_name,
        name2=found.name2,
        phone=_show_phone(found.phone, is_revealed=is_revealed),
        email=email,
        phone_verified=found.is_phone_verified,
        email_verified=found.is_email_verified,
        status=found.status,
        created_context=found.created_context,
        created_at=found.created_at.replace(microsecond=0),
        matches=[_make_match(match, is_revealed=is_revealed) for match in found.matches],
        revealed=is_revealed,
    )


def _make_match(match: Match, *, is_revealed: bool) -> MatchAnswer:
    return MatchAnswer(
        by=match.by,
        link_id=match.link_id,
        phone=_show_phone(match.phone, is_revealed=is_revealed),
        source=match.source,
        verified=match.is_verified,
        first_seen_at=to_seconds(match.first_seen_at),
        last_seen_at=to_seconds(match.last_seen_at),
        times=match.times,
        hints=list(match.hints),
    )


def _show_phone(phone: str | None, *, is_revealed: bool) -> str | None:
    return phone if is_revealed or phone is None else mask_phone(phone)
