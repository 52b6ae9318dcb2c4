"""Asking the database for customers."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from bff.customers.rules import CreatedContext, CustomerKind, CustomerStatus
from bff.customers.search.rules import (
    SHORTEST_ENDING,
    ByEmail,
    ByEnding,
    ByName,
    ByNumber,
    ByPhone,
    Found,
    Hint,
    Match,
    MatchedBy,
    NamePlace,
    Page,
    Query,
    Rank,
    format_name_place,
    format_rank,
    parse_name_place,
    parse_number,
    parse_rank,
)
from bff.customers.search.statements import (
    BY_NUMBER,
    EMAIL_SEARCHES,
    ENDING,
    EXACT,
    FOLD,
    GET_NUMBER_FORMAT,
    LAST4,
    LINK_SEARCHES,
    NAME_SEARCHES,
)
from bff.phones import LinkSource

HIGHEST = "\U0010ffff"
"""Sorts after every character that a word can have."""

Place = TypeVar("Place")
Values = dict[str, Any]


async def find_customers(
    session: AsyncSession, query: Query, *, org_id: UUID, cursor: str | None, limit: int
) -> Page:
    """
    Raises:
        InvalidRequest: the cursor is none of such a list's.
    """
    match query:
        case ByPhone() | ByEnding():
            return await _find_by_link(session, query, org_id=org_id, after=parse_rank(cursor), limit=limit)
        case ByName():
            after = parse_name_place(cursor)
            return await _find_by_name(session, query, org_id=org_id, after=after, limit=limit)
        case ByEmail():
            return await _find_by_email(session, query, org_id=org_id, after=parse_rank(cursor), limit=limit)
        case ByNumber():
            return await _find_by_number(session, query, org_id=org_id)


async def _find_by_link(
    session: AsyncSession, query: ByPhone | ByEnding, *, org_id: UUID, after: Rank | None, limit: int
) -> Page:
    """Proven numbers first, then those seen last; each customer with every number that matches."""
    condition, values = _describe_numbers(query)
    values |= {"org": org_id, "limit": limit + 1} | _describe_rank(after)
    rows = await session.execute(LINK_SEARCHES[condition, after is not None], values)
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row.id)]
    found = [_make_found(group[0], tuple(_make_match(row, query.e164) for row in group)) for group in groups]
    ranks = [Rank(group[0].is_verified, group[0].last_seen_at, group[0].link_id) for group in groups]
    return _cut(found, ranks, limit, format_rank)


def _describe_numbers(query: ByPhone | ByEnding) -> tuple[str, Values]:
    match query:
        case ByPhone(e164=e164):
            return EXACT, {"phone": e164}
        case ByEnding(digits=digits) if len(digits) == SHORTEST_ENDING:
            return LAST4, {"digits": digits}
        case ByEnding(digits=digits):
            # The colon is the character after the digit nine.
            return ENDING, {"reversed": digits[::-1], "reversed_end": digits[::-1] + ":"}


async def _find_by_name(
    session: AsyncSession, query: ByName, *, org_id: UUID, after: NamePlace | None, limit: int
) -> Page:
    """In the order of the alphabet. Every word that was asked for begins a word of the name, in any order."""
    folded = str((await session.execute(FOLD, {"name": query.text})).scalar_one())
    # The longest word is the rarest as a rule, and the others are checked on what it finds.
    words = sorted(folded.split(), key=len, reverse=True)
    if not words:
        return Page(items=(), next_cursor=None)
    values: Values = {"org": org_id, "word": words[0], "word_end": words[0] + HIGHEST, "limit": limit + 1}
    values |= {"others": words[1:], "other_ends": [word + HIGHEST for word in words[1:]]}
    if after:
        values |= {"after_word": after.word, "after_id": after.id}
    rows = list(await session.execute(NAME_SEARCHES[after is not None], values))
    found = [_make_found(row, (Match(by=MatchedBy.NAME),)) for row in rows]
    return _cut(found, [NamePlace(row.word, row.id) for row in rows], limit, format_name_place)


async def _find_by_email(
    session: AsyncSession, query: ByEmail, *, org_id: UUID, after: Rank | None, limit: int
) -> Page:
    """Proven addresses first, then the newest customers."""
    values: Values = {"org": org_id, "email": query.email, "limit": limit + 1} | _describe_rank(after)
    rows = list(await session.execute(EMAIL_SEARCHES[after is not None], values))
    found = [_make_found(row, (Match(by=MatchedBy.EMAIL),)) for row in rows]
    ranks = [Rank(row.is_email_verified, row.created_at, row.id) for row in rows]
    return _cut(found, ranks, limit, format_rank)


async def _find_by_number(session: AsyncSession, query: ByNumber, *, org_id: UUID) -> Page:
    number_format = str((await session.execute(GET_NUMBER_FORMAT, {"org": org_id})).scalar_one())
    number = parse_number(query.text, number_format)
    if number is None:
        return Page(items=(), next_cursor=None)
    rows = await session.execute(BY_NUMBER, {"org": org_id, "number": number})
    found = tuple(_make_found(row, (Match(by=MatchedBy.NUMBER),)) for row in rows)
    return Page(items=found, next_cursor=None)


def _describe_rank(rank: Rank | None) -> Values:
    return {"is_verified": rank.is_verified, "at": rank.at, "id": rank.id} if rank else {}


def _cut(
    found: Sequence[Found], places: Sequence[Place], limit: int, format_place: Callable[[Place], str]
) -> Page:
    """One more than the page holds was asked for; it tells that there is a next one."""
    has_more = len(found) > limit
    next_cursor = format_place(places[limit - 1]) if has_more else None
    return Page(items=tuple(found[:limit]), next_cursor=next_cursor)


def _make_found(row: Row[Any], matches: tuple[Match, ...]) -> Found:
    return Found(
        id=row.id,
        shown_number=row.number_format.format(row.number),
        kind=CustomerKind(row.kind),
        status=CustomerStatus(row.status),
        created_context=CreatedContext(row.created_context),
        first_name=row.first_name,
        last_name=row.last_name,
        name2=row.name2,
        phone=row.phone,
        email=row.email,
        is_phone_verified=row.is_phone_verified,
        is_email_verified=row.is_email_verified,
        created_at=row.created_at,
        matches=matches,
    )


def _make_match(row: Row[Any], e164: str | None) -> Match:
    return Match(
        by=MatchedBy.PHONE if row.link_phone == e164 else MatchedBy.LAST_DIGITS,
        link_id=row.link_id,
        phone=row.link_phone,
        source=LinkSource(row.source),
        is_verified=row.is_verified,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        times=row.times,
        hints=(Hint.SHARED_NUMBER,) if row.is_shared else (),
    )
