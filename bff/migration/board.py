"""Where every org stands, known in each process without asking: read again twice a second while any org moves."""

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog

from bff.db import Database, DatabaseUnavailable
from bff.legacy import LegacyTable
from bff.migration import repository
from bff.migration.phases import Standing
from bff.tenancy import list_orgs
from cache.broadcast import Broadcast

TOPIC = "migration:phases"
MOVING_EVERY_S = 0.5
IDLE_EVERY_S = 15.0
"""While nobody moves, a first row is noticed this late unless it was told."""

log = structlog.get_logger(__name__)


class Board:
    """One per process. `find` costs a look into a dict."""

    def __init__(self, database: Database, broadcast: Broadcast, legacy: LegacyTable) -> None:
        self._database = database
        self._broadcast = broadcast
        self._legacy = legacy
        self._standings: dict[UUID, Standing] = {}
        self._is_read = False
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_read(self) -> bool:
        """False until the phases were read once: nobody may guess which side answers."""
        return self._is_read

    @property
    def moving(self) -> list[UUID]:
        return [org_id for org_id, standing in self._standings.items() if not standing.is_over]

    def find(self, org_id: UUID) -> Standing | None:
        """None for an org that has nothing to move, or has moved."""
        standing = self._standings.get(org_id)
        return None if standing is None or standing.is_over else standing

    async def get(self, org_id: UUID) -> Standing | None:
        """The same, once it is known. Raises DatabaseUnavailable before that."""
        if not self._is_read:
            await self.refresh()
        return self.find(org_id)

    async def refresh(self) -> None:
        """Raises DatabaseUnavailable; then what was read before stands."""
        async with self._database.orgless() as session:
            orgs = await list_orgs(session)
        standings = {}
        for org in orgs:
            async with self._database.transaction(org.id) as session:
                standing = await repository.find_standing(session, org.id)
            if standing is not None:
                standings[org.id] = standing
        self._standings, self._is_read = standings, True

    async def _refresh_moving(self) -> None:
        for org_id in self.moving:
            async with self._database.transaction(org_id) as session:
                standing = await repository.find_standing(session, org_id)
            if standing is not None:
                self._standings[org_id] = standing

    async def run(self) -> None:
        """Until cancelled."""
        async with self._broadcast.listen(TOPIC) as listener:
            hearing = asyncio.ensure_future(anext(listener))
            everything_at = 0.0
            clock = asyncio.get_running_loop().time
            while True:
                is_told = hearing.done()
                if is_told:
                    if hearing.exception():
                        return
                    hearing = asyncio.ensure_future(anext(listener))
                with suppress(DatabaseUnavailable):
                    if is_told or clock() >= everything_at:
                        await self.refresh()
                        everything_at = clock() + IDLE_EVERY_S
                    else:
                        await self._refresh_moving()
                patience_s = MOVING_EVERY_S if self.moving or not self._is_read else IDLE_EVERY_S
                await asyncio.wait({hearing}, timeout=patience_s)
