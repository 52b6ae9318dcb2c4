"""What is true of one org just now, for the conditions between the phases."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.migration import repository
from bff.migration.conditions import Measures
from sf_sync.client import Lane
from sf_sync.errors import SalesforceError

READS = text("SELECT compared, mismatched FROM migration_reads WHERE org_id = :org AND window_id = :window")
PASSES = text(
    "SELECT began_at, differences FROM migration_passes WHERE org_id = :org AND ended_at IS NOT NULL"
    " ORDER BY began_at DESC LIMIT 2"
)
COUNT_IGNORED = text(
    "SELECT count(*) FROM migration_documents d WHERE org_id = :org AND state = 'reported' AND EXISTS (SELECT FROM"
    " migration_ignores i WHERE i.org_id = d.org_id AND i.row_id = d.row_id"
    " AND i.difference = 'reported' AND i.until > now())"
)


async def measure(
    adapters: Adapters, org_id: UUID, entry: repository.Entry, *, wanted_reads: int, now: datetime
) -> Measures:
    """Raises DatabaseUnavailable, LegacyUnavailable."""
    rows = await adapters.legacy.count(org_id)
    answers = await _asks_salesforce(adapters)
    async with adapters.database.transaction(org_id) as session:
        counts = await repository.get_counts(session, org_id)
        waiting, parked = await repository.count_deliveries(session, org_id)
        reads = (await session.execute(READS, {"org": org_id, "window": entry.window_id})).one_or_none()
        ignored = (await session.execute(COUNT_IGNORED, {"org": org_id})).scalar_one()
        clean, clean_since = await _measure_passes(session, org_id, entry)
    return Measures(
        salesforce_answers=answers,
        since_change_s=(now - entry.changed_at).total_seconds(),
        rows=rows,
        moved=counts.moved + ignored,
        waiting=counts.waiting,
        reported=counts.reported,
        ignored=ignored,
        uncopied=counts.uncopied,
        unverified=max(0, rows - counts.verified - ignored),
        deliveries_waiting=waiting,
        deliveries_parked=parked,
        passes_clean=clean,
        clean_since_phase=clean_since,
        compared=reads.compared if reads else 0,
        mismatched=reads.mismatched if reads else 0,
        percent=entry.percent,
        wanted_reads=wanted_reads,
    )


async def _asks_salesforce(adapters: Adapters) -> bool:
    try:
        await adapters.client.query("SELECT Id FROM Account LIMIT 1", lane=Lane.BACKGROUND)
    except SalesforceError:
        return False
    return True


async def _measure_passes(session: AsyncSession, org_id: UUID, entry: repository.Entry) -> tuple[int, bool]:
    """Clean passes in a row since the migration last changed something, and whether one began in this phase."""
    passes = (await session.execute(PASSES, {"org": org_id})).all()
    after = entry.transferred_at
    clean = 0
    for each in passes:
        if each.differences or (after is not None and each.began_at <= after):
            break
        clean += 1
    newest = passes[0] if passes else None
    return clean, bool(newest and not newest.differences and newest.began_at > entry.changed_at)
