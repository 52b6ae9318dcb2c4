"""Whether a code may be sent now, decided on what was sent before, with sends of the org taking turns."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.otp.keys import Binding
from bff.otp.repository import Scope, find_full_since, get_crowd, list_sent
from bff.otp.rules import (
    DAY,
    HOUR,
    Limits,
    Sent,
    Target,
    Window,
    check_crowd,
    check_wait,
    check_windows,
    get_wait,
    plan_tries,
)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A code that somebody asks for."""

    binding: Binding
    target: Target
    network: str | None
    limits: Limits


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """`wait` is until the next one to this number."""

    tries: int
    wait: timedelta


async def admit(session: AsyncSession, wish: Wish, now: datetime) -> Admitted:
    """The org's codes must be locked, and the code that this one replaces ended.

    Raises:
        TooManyCodes, CodesPaused: see there.
    """
    org_id, limits = wish.binding.org_id, wish.limits
    to_phone = await list_sent(
        session, Scope.PHONE, wish.target.phone, org_id=org_id, since=now - DAY, now=now
    )
    check_wait(to_phone, now)
    check_windows([await _look(session, wish, *part, now) for part in _list_windows(wish)], now)
    by_caller = await list_sent(
        session, Scope.CALLER, wish.binding.actor, org_id=org_id, since=now - DAY, now=now
    )
    tries = plan_tries(to_phone, by_caller, limits, now)
    for scope, value, length in (
        (Scope.BLOCK, wish.target.block, DAY),
        (Scope.COUNTRY, wish.target.country, HOUR),
    ):
        check_crowd(await get_crowd(session, scope, value, org_id=org_id, since=now - length), now)
    sent = Sent(sent_at=now, is_entered=False, spent=0)
    return Admitted(tries=tries, wait=get_wait([sent, *to_phone]))


def _list_windows(wish: Wish) -> Iterator[tuple[Scope, object, int, timedelta]]:
    limits, target = wish.limits, wish.target
    yield Scope.PHONE, target.phone, limits.phone_hour, HOUR
    yield Scope.PHONE, target.phone, limits.phone_day, DAY
    yield Scope.BLOCK, target.block, limits.block_hour, HOUR
    yield Scope.ORG, wish.binding.org_id, limits.org_hour, HOUR
    if limits.caller_hour is not None:
        yield Scope.CALLER, wish.binding.actor, limits.caller_hour, HOUR
    if limits.network_hour is not None and wish.network is not None:
        yield Scope.NETWORK, wish.network, limits.network_hour, HOUR


async def _look(
    session: AsyncSession,
    wish: Wish,
    scope: Scope,
    value: object,
    limit: int,
    length: timedelta,
    now: datetime,
) -> Window:
    full_since = await find_full_since(
        session, scope, value, org_id=wish.binding.org_id, since=now - length, limit=limit
    )
    return Window(length=length, full_since=full_since)
