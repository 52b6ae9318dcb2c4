"""What an operator asks of a migration: where it stands, and one step forwards or back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.migration import repository
from bff.migration.board import TOPIC
from bff.migration.conditions import Measures, find_blocker
from bff.migration.phases import NoSuchPhase, Phase, get_next, get_previous
from bff.settings import LegacySettings
from bff.tenancy import Org, list_orgs
from cache.errors import CacheError
from sf_sync.client import Lane
from sf_sync.errors import SalesforceError

FIRST_PERCENT = 5
"""Of the accounts that Salesforce answers for when a ramp begins."""
OPERATOR = "operator"

READS = text("SELECT compared, mismatched FROM migration_reads WHERE org_id = :org AND window_id = :window")
PASSES = text(
    "SELECT began_at, differences FROM migration_passes WHERE org_id = :org AND ended_at IS NOT NULL"
    " ORDER BY began_at DESC LIMIT 2"
)
LIST_REPORTED = text(
    "SELECT row_id, reason FROM migration_documents WHERE org_id = :org AND state = 'reported' ORDER BY row_id"
    " LIMIT :limit"
)
COUNT_IGNORED = text(
    "SELECT count(*) FROM migration_documents d WHERE org_id = :org AND state = 'reported' AND EXISTS (SELECT FROM"
    " migration_ignores i WHERE i.org_id = d.org_id AND i.row_id = d.row_id AND i.until > now())"
)
IGNORE = text(
    "INSERT INTO migration_ignores (org_id, row_id, difference, reason, until)"
    " VALUES (:org, :row, :difference, :reason, :until) ON CONFLICT (org_id, row_id, difference)"
    " DO UPDATE SET reason = excluded.reason, until = excluded.until"
)

log = structlog.get_logger(__name__)


class StepRefused(Exception):
    """The phase stays as it is; the message is the reason, in a sentence."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Where one org stands. `blocker` None: the next step may be taken."""

    org: Org
    entry: repository.Entry | None
    measures: Measures | None = None
    blocker: str | None = None


class Migration:
    """One per process."""

    def __init__(
        self,
        adapters: Adapters,
        settings: LegacySettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._adapters = adapters
        self._database = adapters.database
        self._settings = settings
        self._now = now

    async def list_moving(self) -> list[Org]:
        """Orgs that have, or had, rows."""
        async with self._database.orgless() as session:
            orgs = await list_orgs(session)
        return [org for org in orgs if await self.find_entry(org) is not None]

    async def find_entry(self, org: Org) -> repository.Entry | None:
        """Begins the migration of an org whose rows lie in an older portal's own database."""
        async with self._database.transaction(org.id) as session:
            entry = await repository.find_entry(session, org.id)
            if (
                entry is not None
                or self._adapters.legacy.is_ours
                or not self._adapters.legacy.is_of(org.slug)
            ):
                return entry
        if not await self._adapters.legacy.count(org.id):
            return None
        async with self._database.transaction(org.id) as session:
            await session.execute(repository.BEGIN, {"org": org.id})
            return await repository.find_entry(session, org.id)

    async def report(self, org: Org) -> Report:
        entry = await self.find_entry(org)
        if entry is None:
            return Report(org=org, entry=None)
        measures = await self.measure(org.id, entry)
        return Report(org=org, entry=entry, measures=measures, blocker=find_blocker(entry.phase, measures))

    async def measure(self, org_id: UUID, entry: repository.Entry) -> Measures:
        rows = 0 if entry.phase is Phase.PURGED else await self._adapters.legacy.count(org_id)
        answers = await self._asks_salesforce()
        async with self._database.transaction(org_id) as session:
            counts = await repository.get_counts(session, org_id)
            waiting, parked = await repository.count_deliveries(session, org_id)
            reads = (await session.execute(READS, {"org": org_id, "window": entry.window_id})).one_or_none()
            ignored = (await session.execute(COUNT_IGNORED, {"org": org_id})).scalar_one()
            clean, clean_since = await _measure_passes(session, org_id, entry)
        return Measures(
            salesforce_answers=answers,
            since_change_s=(self._now() - entry.changed_at).total_seconds(),
            rows=rows,
            moved=counts.moved + ignored,
            waiting=counts.waiting,
            reported=counts.reported,
            uncopied=counts.uncopied,
            unverified=max(0, rows - counts.verified - ignored),
            deliveries_waiting=waiting,
            deliveries_parked=parked,
            passes_clean=clean,
            clean_since_phase=clean_since,
            compared=reads.compared if reads else 0,
            mismatched=reads.mismatched if reads else 0,
            percent=entry.percent,
            wanted_reads=self._settings.shadow_reads,
        )

    async def advance(self, org: Org, *, percent: int | None = None) -> Phase:
        """One phase on, or further up the ramp.

        Raises:
            StepRefused: naming the first condition that does not hold.
        """
        report = await self.report(org)
        entry = report.entry
        if entry is None:
            raise StepRefused("This organisation has nothing to move.")
        if entry.phase is Phase.RAMP and percent is not None:
            return await self._climb(org, entry, percent, report.measures)
        if report.blocker:
            raise StepRefused(report.blocker)
        if entry.phase is Phase.SALESFORCE_ONLY:
            raise StepRefused("What is left is to delete the table's rows: bff migrate purge.")
        try:
            phase = get_next(entry.phase)
        except NoSuchPhase as error:
            raise StepRefused("The migration is over.") from error
        share = (percent or FIRST_PERCENT) if phase is Phase.RAMP else 0
        await self._set_phase(org.id, entry.phase, phase, percent=share)
        return phase

    async def back(self, org: Org) -> Phase:
        """Raises StepRefused: the first phase has none before it, and what is purged is gone."""
        entry = await self.find_entry(org)
        if entry is None:
            raise StepRefused("This organisation has nothing to move.")
        try:
            phase = get_previous(entry.phase)
        except NoSuchPhase as error:
            raise StepRefused(f"There is no way back from {entry.phase}.") from error
        share = 100 if phase is Phase.RAMP else 0
        await self._set_phase(org.id, entry.phase, phase, percent=share)
        return phase

    async def set_paused(self, org: Org, *, paused: bool) -> None:
        async with self._database.transaction(org.id) as session:
            await session.execute(repository.SET_PAUSED, {"org": org.id, "paused": paused})
            await self._record(session, org.id, "migration.paused" if paused else "migration.resumed", {})

    async def ignore(self, org: Org, row_id: str, difference: str, *, reason: str, until: datetime) -> None:
        values = {"org": org.id, "row": row_id, "difference": difference, "reason": reason, "until": until}
        async with self._database.transaction(org.id) as session:
            await session.execute(IGNORE, values)
            detail = {"row": row_id, "difference": difference, "until": until.isoformat()}
            await self._record(session, org.id, "migration.ignored", detail)

    async def list_reported(self, org: Org, *, limit: int = 50) -> list[tuple[str, str]]:
        """Rows that cannot be moved, with the reason of each."""
        async with self._database.transaction(org.id) as session:
            rows = await session.execute(LIST_REPORTED, {"org": org.id, "limit": limit})
            return [(row.row_id, row.reason) for row in rows]

    async def finish_purge(self, org: Org) -> None:
        await self._set_phase(org.id, Phase.SALESFORCE_ONLY, Phase.PURGED)

    async def _climb(
        self, org: Org, entry: repository.Entry, percent: int, measures: Measures | None
    ) -> Phase:
        if measures is not None and measures.mismatched and percent > entry.percent:
            raise StepRefused(f"{measures.mismatched} of {measures.compared} reads differed.")
        async with self._database.transaction(org.id) as session:
            await session.execute(repository.SET_PERCENT, {"org": org.id, "percent": percent})
            await self._record(session, org.id, "migration.ramped", {"percent": percent})
        await self._tell()
        return Phase.RAMP

    async def _set_phase(self, org_id: UUID, before: Phase, phase: Phase, *, percent: int = 0) -> None:
        async with self._database.transaction(org_id) as session:
            entry = await repository.find_entry(session, org_id)
            if entry is None or entry.phase is not before:
                raise StepRefused("Somebody else has changed the phase meanwhile.")
            await repository.set_phase(session, org_id, phase, percent=percent)
            await self._record(session, org_id, "migration.phase", {"before": before, "after": phase})
        log.info("migration_phase", org=org_id, before=before, after=phase)
        await self._tell()

    async def _record(
        self, session: AsyncSession, org_id: UUID, action: str, detail: Mapping[str, object]
    ) -> None:
        await record(
            session, org_id=org_id, actor=OPERATOR, action=action, subject="migration", detail=detail
        )

    async def _tell(self) -> None:
        """Processes look by themselves too, so nothing is lost without Redis."""
        try:
            await self._adapters.broadcast.publish([TOPIC])
        except CacheError:
            log.warning("migration_phase_untold")

    async def _asks_salesforce(self) -> bool:
        try:
            await self._adapters.client.query("SELECT Id FROM Account LIMIT 1", lane=Lane.BACKGROUND)
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
