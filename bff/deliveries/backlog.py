"""How much is promised and not yet delivered, over all orgs, for health checks and alarms."""

import msgspec
from sqlalchemy import text

from bff.db import Database
from bff.tenancy import list_orgs

READ = text(
    "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'parked') AS parked,"
    " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float AS oldest_s"
    " FROM deliveries WHERE state IN ('waiting', 'parked')"
)


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    waiting: int = 0
    parked: int = 0
    oldest_s: float = 0.0


async def read_backlog(database: Database) -> Backlog:
    """Org after org, because row-level security lets nobody look at all of them at once."""
    async with database.orgless() as session:
        orgs = await list_orgs(session)
    backlogs = []
    for org in orgs:
        async with database.transaction(org.id) as session:
            backlogs.append(Backlog(**(await session.execute(READ)).one()._mapping))
    return Backlog(
        waiting=sum(one.waiting for one in backlogs),
        parked=sum(one.parked for one in backlogs),
        oldest_s=max((one.oldest_s for one in backlogs), default=0.0),
    )
