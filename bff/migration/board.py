"""Where every org stands, known in each process without asking: twice a second it is looked whether that changed."""

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy import text

from bff.db import Database, DatabaseUnavailable
from bff.legacy import LegacyTable, LegacyUnavailable
from bff.migration import repository
from bff.migration.phases import Standing
from bff.tenancy import Org, list_orgs
from cache.broadcast import Broadcast

TOPIC = "migration:phases"
LOOK_EVERY_S = 0.5

READ_NEWS = text("SELECT number FROM migration_news")

log = structlog.get_logger(__name__)


class Board:
    """One per process. `find` costs a look into a dict."""

    def __init__(self, database: Database, broadcast: Broadcast, legacy: LegacyTable) -> None:
        self._database = database
        self._broadcast = broadcast
        self._legacy = legacy
        self._standings: dict[UUID, Standing] = {}
        self._number = -1
        self._is_read = False
        self._awaited: UUID | None = None
        self._is_doubtful = False

    def knows(self, org_id: UUID) -> bool:
        """False until the phases were read once, and for an org of whose older table nobody knows yet whether it has
        rows: nobody may guess which side answers.
        """
        return self._is_read and not (self._is_doubtful and org_id == self._awaited)

    @property
    def moving(self) -> list[UUID]:
        return [org_id for org_id, standing in self._standings.items() if not standing.is_over]

    def find(self, org_id: UUID) -> Standing | None:
        """None for an org that has nothing to move, or has moved."""
        standing = self._standings.get(org_id)
        return None if standing is None or standing.is_over else standing

    async def get(self, org_id: UUID) -> Standing | None:
        """The same, once it is known. Raises DatabaseUnavailable, LegacyUnavailable before that."""
        if not self.knows(org_id):
            await self.refresh()
        if not self.knows(org_id):
            raise LegacyUnavailable(retry_after_s=2)
        return self.find(org_id)

    async def refresh(self) -> None:
        """Raises DatabaseUnavailable; then what was read before stands."""
        async with self._database.orgless() as session:
            number = (await session.execute(READ_NEWS)).scalar_one()
            orgs = await list_orgs(session)
        standings = {}
        for org in orgs:
            async with self._database.transaction(org.id) as session:
                standing = await repository.find_standing(session, org.id)
            standing = standing or await self._begin_elsewhere(org)
            if standing is not None:
                standings[org.id] = standing
        # What changed since the number was read will raise it again.
        self._standings, self._number, self._is_read = standings, number, True

    async def look(self) -> None:
        """Reads the phases again when one has changed. Raises DatabaseUnavailable."""
        async with self._database.orgless() as session:
            number = (await session.execute(READ_NEWS)).scalar_one()
        if number != self._number or not self._is_read or self._is_doubtful:
            await self.refresh()

    async def look_for_rows(self) -> None:
        """The older portal's first row tells nobody. Raises DatabaseUnavailable."""
        if self._awaited is not None:
            await self.refresh()

    async def _begin_elsewhere(self, org: Org) -> Standing | None:
        """Rows in our own database begin their migration by a trigger; those in an older portal's are looked for."""
        if self._legacy.is_ours or not self._legacy.is_of(org.slug):
            return None
        was_doubtful = self._is_doubtful
        try:
            found = await repository.begin_with_rows(self._database, self._legacy, org.id)
        except LegacyUnavailable:
            self._awaited, self._is_doubtful = org.id, True
            if not was_doubtful:
                log.error("legacy_table_unavailable", org=org.id)
            return None
        self._awaited, self._is_doubtful = None if found else org.id, False
        return found

    async def run(self) -> None:
        """Until cancelled. A broadcast makes it quicker, and nothing depends on it."""
        async with self._broadcast.listen(TOPIC) as listener:
            hearing = asyncio.ensure_future(anext(listener))
            while True:
                await asyncio.wait({hearing}, timeout=LOOK_EVERY_S)
                if hearing.done():
                    if hearing.exception():
                        return
                    hearing = asyncio.ensure_future(anext(listener))
                with suppress(DatabaseUnavailable):
                    await self.look()
