"""What an operator asks of a migration: where it stands, and one step forwards or back."""

import asyncio
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
from bff.migration.conditions import FOLLOW_S, Measures, find_blocker
from bff.migration.measuring import measure
from bff.migration.phases import NoSuchPhase, Phase, get_next, get_previous
from bff.migration.returning import catch_up, note_gaps
from bff.settings import LegacySettings
from bff.tenancy import Org, list_orgs
from cache.errors import CacheError

FIRST_PERCENT = 5
"""Of the accounts that Salesforce answers for when a ramp begins."""
OPERATOR = "operator"
LOOK_EVERY_S = 0.5
CHANGED_MEANWHILE = "Somebody else has changed the phase meanwhile: bff migrate status."
NOTHING_TO_MOVE = "This organisation has nothing to move."

LIST_REPORTED = text(
    "SELECT row_id, reason FROM migration_documents WHERE org_id = :org AND state = 'reported' ORDER BY row_id"
    " LIMIT :limit"
)
IGNORE = text(
    "INSERT INTO migration_ignores (org_id, row_id, difference, reason, until)"
    " VALUES (:org, :row, :difference, :reason, :until) ON CONFLICT (org_id, row_id, difference)"
    " DO UPDATE SET reason = excluded.reason, until = excluded.until"
)

log = structlog.get_logger(__name__)


class StepRefused(Exception):
    """The phase stays as it is; the message is the reason, in a sentence."""


class NotYet(StepRefused):
    """A condition does not hold, and may do so later."""


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
        """Orgs that have rows; where none has any more, those that had."""
        async with self._database.orgless() as session:
            orgs = await list_orgs(session)
        found = [(org, entry) for org in orgs if (entry := await self.find_entry(org))]
        moving = [org for org, entry in found if entry.phase is not Phase.PURGED]
        return moving or [org for org, _ in found]

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
        await repository.begin_with_rows(self._database, self._adapters.legacy, org.id)
        async with self._database.transaction(org.id) as session:
            return await repository.find_entry(session, org.id)

    async def report(self, org: Org) -> Report:
        entry = await self.find_entry(org)
        if entry is None:
            return Report(org=org, entry=None)
        measures = await self.measure(org.id, entry)
        return Report(org=org, entry=entry, measures=measures, blocker=find_blocker(entry.phase, measures))

    async def measure(self, org_id: UUID, entry: repository.Entry) -> Measures:
        return await measure(
            self._adapters, org_id, entry, wanted_reads=self._settings.shadow_reads, now=self._now()
        )

    async def advance(self, org: Org, *, percent: int | None = None) -> Phase:
        """One phase on, or further up the ramp.

        Raises:
            StepRefused: naming the first condition that does not hold.
        """
        report = await self.report(org)
        entry = report.entry
        if entry is None:
            raise StepRefused(NOTHING_TO_MOVE)
        if entry.phase is Phase.RAMP and percent is not None:
            return await self._climb(org, entry, percent, report.measures)
        if percent is not None and entry.phase is not Phase.SHADOW_READ:
            raise StepRefused(f"A percentage belongs to the ramp; the phase is {entry.phase}.")
        if report.blocker:
            raise NotYet(report.blocker)
        if entry.phase is Phase.SALESFORCE_ONLY:
            raise StepRefused("What is left is to delete the table's rows: bff migrate purge.")
        try:
            phase = get_next(entry.phase)
        except NoSuchPhase as error:
            raise StepRefused("The migration is over.") from error
        first = FIRST_PERCENT if percent is None else percent
        await self._set_phase(org.id, entry.phase, phase, percent=first if phase is Phase.RAMP else 0)
        return phase

    async def advance_in_time(
        self, org: Org, *, percent: int | None, wait_s: float, tell: Callable[[str], None]
    ) -> Phase:
        """`advance` as soon as the conditions hold; `tell` gets what is waited for, once for each change of it.

        Raises:
            StepRefused: waiting would not help, or has not helped for `wait_s`.
        """
        clock = asyncio.get_running_loop().time
        deadline, told = clock() + wait_s, ""
        while True:
            try:
                return await self.advance(org, percent=percent)
            except NotYet as reason:
                if clock() >= deadline:
                    raise
                if str(reason) != told:
                    told = str(reason)
                    tell(told)
            await asyncio.sleep(LOOK_EVERY_S)

    async def back(self, org: Org) -> Phase:
        """Raises StepRefused: the first phase has none before it, and what is purged is gone."""
        entry = await self.find_entry(org)
        if entry is None:
            raise StepRefused(NOTHING_TO_MOVE)
        try:
            phase = get_previous(entry.phase)
        except NoSuchPhase as error:
            raise StepRefused(f"There is no way back from {entry.phase}.") from error
        share = 100 if phase is Phase.RAMP else 0
        await self._set_phase(org.id, entry.phase, phase, percent=share)
        return phase

    async def make_whole(self, org: Org, *, since: datetime) -> tuple[int, int]:
        """After the way back from `salesforce_only`, which began at `since`: how many uploads the table lacks, which
        are counted from now on, and how many verdicts it has been told.

        Raises SalesforceError, LegacyUnavailable: what is left, `verify --repair` finds.
        """
        await asyncio.sleep(FOLLOW_S)
        gaps = await note_gaps(self._adapters, org.id, since=since)
        return gaps, await catch_up(self._adapters, org.id)

    async def set_paused(self, org: Org, *, paused: bool) -> None:
        """Raises StepRefused."""
        if await self.find_entry(org) is None:
            raise StepRefused(NOTHING_TO_MOVE)
        async with self._database.transaction(org.id) as session:
            await session.execute(repository.SET_PAUSED, {"org": org.id, "paused": paused})
            await self._record(session, org.id, "migration.paused" if paused else "migration.resumed", {})

    async def ignore(self, org: Org, row_id: str, difference: str, *, reason: str, until: datetime) -> None:
        """Raises StepRefused: nothing is known of such a row."""
        async with self._database.transaction(org.id) as session:
            if not await repository.find_documents(session, org.id, [row_id]):
                raise StepRefused(
                    f"Nothing is known of a row {row_id}: bff migrate status --rows lists them."
                )
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
            values = {"org": org.id, "percent": percent}
            if (await session.execute(repository.SET_PERCENT, values)).one_or_none() is None:
                raise StepRefused(CHANGED_MEANWHILE)
            await self._record(session, org.id, "migration.ramped", {"percent": percent})
        await self._tell()
        return Phase.RAMP

    async def _set_phase(self, org_id: UUID, before: Phase, phase: Phase, *, percent: int = 0) -> None:
        async with self._database.transaction(org_id) as session:
            entry = await repository.find_entry(session, org_id)
            if entry is None or entry.phase is not before:
                raise StepRefused(CHANGED_MEANWHILE)
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
