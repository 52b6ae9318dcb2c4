"""The job that forgets old codes."""

from datetime import UTC, datetime, timedelta

from procrastinate import JobContext

from bff.db import Database
from bff.jobs import tasks
from bff.otp.repository import forget_codes
from bff.otp.rules import DAY
from bff.tenancy import list_orgs

KEEP = DAY + timedelta(minutes=5)
"""The limits look back a day; the rest is for clocks that differ."""


@tasks.periodic(cron="23 * * * *")
@tasks.task(name="forget_one_time_codes", pass_context=True, queueing_lock="forget_one_time_codes")
async def forget_one_time_codes(context: JobContext, timestamp: int) -> None:
    await forget_old(context.additional_context["adapters"].database, now=datetime.now(UTC))


async def forget_old(database: Database, *, now: datetime) -> int:
    """Of every org; how many rows went."""
    async with database.orgless() as session:
        orgs = await list_orgs(session)
    gone = 0
    for org in orgs:
        async with database.transaction(org.id) as session:
            gone += await forget_codes(session, org_id=org.id, now=now, age=KEEP)
    return gone
