"""How many reads were compared and how many differed, counted in each process and added up in the database."""

import asyncio
from collections import Counter
from uuid import UUID

import structlog
from sqlalchemy import text

from bff.db import Database, DatabaseUnavailable
from bff.migration import repository
from bff.migration.board import TOPIC
from bff.migration.phases import Phase
from cache.broadcast import Broadcast
from cache.errors import CacheError

FLUSH_EVERY_S = 0.5

ADD = text(
    "INSERT INTO migration_reads AS sum (org_id, window_id, compared, mismatched, last_mismatch_at)"
    " VALUES (:org, :window, :compared, :mismatched, CASE WHEN :mismatched > 0 THEN now() END)"
    " ON CONFLICT (org_id, window_id) DO UPDATE SET compared = sum.compared + excluded.compared,"
    " mismatched = sum.mismatched + excluded.mismatched,"
    " last_mismatch_at = coalesce(excluded.last_mismatch_at, sum.last_mismatch_at)"
    " RETURNING sum.compared, sum.mismatched"
)

log = structlog.get_logger(__name__)


class Reads:
    """One per process."""

    def __init__(self, database: Database, broadcast: Broadcast, *, mismatch_limit: float) -> None:
        self._database = database
        self._broadcast = broadcast
        self._limit = mismatch_limit
        self._counts: Counter[tuple[UUID, int, bool]] = Counter()
        self._changes = asyncio.Event()

    def count(self, org_id: UUID, window_id: int, *, differed: bool) -> None:
        self._counts[org_id, window_id, differed] += 1
        if differed:
            log.warning("migration_read_differed", org=org_id)
        self._changes.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changes.wait()
            await asyncio.sleep(FLUSH_EVERY_S)
            try:
                await self.flush()
            except DatabaseUnavailable:
                log.warning("migration_reads_unsaved")

    async def flush(self) -> None:
        """Nothing is lost when it fails: the counts stay for the next time."""
        self._changes.clear()
        for org_id, window_id in {(key[0], key[1]) for key in self._counts}:
            await self._add(org_id, window_id)

    async def _add(self, org_id: UUID, window_id: int) -> None:
        keys = [(org_id, window_id, differed) for differed in (False, True)]
        equal, mismatched = (self._counts.pop(key, 0) for key in keys)
        values = {"org": org_id, "window": window_id, "mismatched": mismatched}
        try:
            async with self._database.transaction(org_id) as session:
                sums = (await session.execute(ADD, values | {"compared": equal + mismatched})).one()
                entry = await repository.find_entry(session, org_id) if sums.mismatched else None
                steps_back = (
                    entry is not None
                    and entry.phase is Phase.RAMP
                    and entry.window_id == window_id
                    and sums.mismatched > self._limit * sums.compared
                )
                if steps_back:
                    reason = f"{sums.mismatched} of {sums.compared} reads differed."
                    await repository.set_phase(session, org_id, Phase.SHADOW_READ, reason=reason)
        except BaseException:
            self._counts.update(dict(zip(keys, (equal, mismatched), strict=True)))
            raise
        if steps_back:
            log.error("migration_stepped_back", org=org_id, count=sums.mismatched)
            await self._tell()

    async def _tell(self) -> None:
        try:
            await self._broadcast.publish([TOPIC])
        except CacheError:
            log.warning("migration_phase_untold")
