"""Whether a code may be sent now, decided on what was sent before, with sends of the org taking turns."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.otp.counting import Wish, count_sent
from bff.otp.repository import Scope, list_sent
from bff.otp.rules import DAY, Sent, check_crowd, check_wait, check_windows, get_wait, plan_tries


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """`wait` is until the next one to this number."""

    tries: int
    wait: timedelta


async def admit(session: AsyncSession, wish: Wish, now: datetime) -> Admitted:
    """The org's codes must be locked, and the code that this one replaces ended.

    Raises:
        TooManyCodes, CodesPaused: see there.
    """
    org_id, since = wish.binding.org_id, now - DAY
    to_phone = await list_sent(session, Scope.PHONE, wish.target.phone, org_id=org_id, since=since, now=now)
    check_wait(to_phone, now)
    counts = await count_sent(session, wish, now)
    check_windows(counts.windows, now)
    by_caller: list[Sent] = []
    if wish.limits.failures_caller_day is not None:
        by_caller = await list_sent(
            session, Scope.CALLER, wish.binding.actor, org_id=org_id, since=since, now=now
        )
    tries = plan_tries(to_phone, by_caller, wish.limits, now)
    for crowd in counts.crowds:
        check_crowd(crowd, now)
    sent = Sent(sent_at=now, is_entered=False, spent=0)
    return Admitted(tries=tries, wait=get_wait([sent, *to_phone]))
