"""How many documents one account may send (ASVS 5.2.4), counted on what was stored: a refused file costs none."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.verification.refusals import QuotaUsedUp

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LIST_RECENT = text(
    "SELECT submitted_at FROM verification_attempts"
    " WHERE org_id = :org AND account_id = :account AND submitted_at > :since ORDER BY submitted_at DESC LIMIT :limit"
)


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """`bodies_per_hour` bounds uploads of any outcome; the others count documents that were taken."""

    per_hour: int = 5
    per_day: int = 20
    bodies_per_hour: int = 60


async def check_quota(
    session: AsyncSession, quota: Quota, org_id: UUID, account_id: str, *, now: datetime
) -> None:
    """Raises QuotaUsedUp with the seconds until the next document may be sent."""
    values = {"org": org_id, "account": account_id, "since": now - DAY, "limit": quota.per_day}
    recent = list((await session.execute(LIST_RECENT, values)).scalars())
    wait_s = find_wait_s(recent, quota, now)
    if wait_s is not None:
        raise QuotaUsedUp(retry_after_s=wait_s)


def find_wait_s(recent: list[datetime], quota: Quota, now: datetime) -> int | None:
    """`recent` are the times of documents of the last day, newest first; None when one more may be sent."""
    waits = [
        recent[limit - 1] + window - now
        for limit, window in ((quota.per_hour, HOUR), (quota.per_day, DAY))
        if len(recent) >= limit and recent[limit - 1] > now - window
    ]
    return max(1, int(max(waits).total_seconds()) + 1) if waits else None
