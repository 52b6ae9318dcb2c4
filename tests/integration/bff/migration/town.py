"""An org with an older portal's table, an operator, and what Salesforce really has."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest_asyncio
from sqlalchemy import text

from bff.adapters import Adapters
from bff.demo.people import DEMO_ORGS
from bff.legacy import LegacyTable
from bff.migration.backfill import Backfill, Progress
from bff.migration.board import Board
from bff.migration.demo_data import INSERT_ROW, make_pictures, make_unique
from bff.migration.phases import Phase
from bff.migration.purge import purge
from bff.migration.service import Migration, Report
from bff.migration.side import MigrationSide, make_migrating
from bff.migration.verifier import Outcome, Verifier
from bff.settings import LegacySettings
from bff.tenancy import Org, list_orgs
from sf_sync.emulator.app import Emulator
from tests.fixtures.portal import Portal

ORG_ID = DEMO_ORGS[0].id
PICTURE = make_pictures()[0]


class Town(msgspec.Struct, frozen=True):
    """`migration` is another process than the portal's: an operator's command."""

    portal: Portal
    emulator: Emulator
    org: Org
    side: MigrationSide
    migration: Migration

    @property
    def adapters(self) -> Adapters:
        return self.side.adapters

    async def go_to(self, phase: Phase) -> None:
        """Without looking at conditions: the test is about the phase, not the way."""
        async with self.adapters.database.transaction(ORG_ID) as session:
            await session.execute(
                text(
                    "UPDATE migrations SET phase = :phase, window_id = window_id + 1,"
                    " percent = CASE WHEN :phase = 'ramp' THEN 100 ELSE 0 END,"
                    " changed_at = clock_timestamp() - interval '1 minute'"
                ),
                {"phase": phase},
            )
        await self.follow()

    async def set_percent(self, percent: int) -> None:
        async with self.adapters.database.transaction(ORG_ID) as session:
            await session.execute(text("UPDATE migrations SET percent = :percent"), {"percent": percent})
        await self.follow()

    async def age(self) -> None:
        """Two seconds pass, in which every process follows."""
        statement = "UPDATE migrations SET changed_at = changed_at - interval '3 seconds' RETURNING phase"
        await self.list_rows(statement)

    async def purge(self, digests: Path, *, owner_url: str | None = None, **options: Any) -> str:
        settings = self.portal.settings.database
        settings = msgspec.structs.replace(settings, owner_url=owner_url or settings.owner_url)
        return await purge(self.adapters, self.migration, self.org, settings, digests, **options)

    async def look(self) -> Report:
        await self.side.reads.flush()
        return await self.migration.report(self.org)

    async def advance(self, **options: Any) -> Phase:
        await self.side.reads.flush()
        return await self.migration.advance(self.org, **options)

    async def follow(self) -> None:
        """Every process knows the phase; by itself it would, half a second later."""
        board: Board = self.portal.app.dependencies["migration_board"].dependency()
        await board.refresh()
        await self.side.board.refresh()

    async def backfill(self, tell: Callable[[Progress], None] = lambda _: None) -> Progress:
        return await Backfill(self.adapters, ORG_ID, tell=tell).run()

    async def verify(self, *, repair: bool = False) -> Outcome:
        return await Verifier(self.adapters, ORG_ID, settle_s=0.1).run(repair=repair)

    async def add_row(self, customer_id: UUID, **values: Any) -> UUID:
        """A submission of this customer, as the older portal keeps it."""
        row_id: UUID = values.pop("id", None) or uuid4()
        row: dict[str, Any] = {
            "org": ORG_ID,
            "id": row_id,
            "customer": customer_id,
            "name": "card.jpg",
            "type": "image/jpeg",
            "content": make_unique(PICTURE, row_id.bytes),
            "status": "pending",
            "note": None,
            "message": None,
            "reviewed_at": None,
        } | values
        row.setdefault("updated_at", row["reviewed_at"] or row["submitted_at"])
        async with self.adapters.database.transaction(ORG_ID) as session:
            await session.execute(INSERT_ROW, row)
        return row_id

    async def list_rows(self, statement: str) -> list[dict[str, Any]]:
        async with self.adapters.database.transaction(ORG_ID) as session:
            return [dict(row._mapping) for row in await session.execute(text(statement))]

    def get_account(self, account_id: str) -> Any:
        return self.emulator.org.get("Account", account_id)

    def list_versions(self, account_id: str) -> list[Any]:
        """Of all documents shown on the account, oldest first."""
        links = self.emulator.org.find_by("ContentDocumentLink", "LinkedEntityId", account_id)
        return [
            version
            for link in links
            for version in sorted(
                self.emulator.org.find_by("ContentVersion", "ContentDocumentId", link["ContentDocumentId"]),
                key=lambda version: int(version["VersionNumber"]),
            )
        ]

    def count_versions(self) -> int:
        return len(list(self.emulator.org.select("ContentVersion")))


@asynccontextmanager
async def living_in(portal: Portal, emulator: Emulator, settings: LegacySettings) -> AsyncIterator[Town]:
    """A town whose older table is where the settings say."""
    legacy = LegacyTable(portal.adapters.database, settings)
    side = make_migrating(msgspec.structs.replace(portal.adapters, legacy=legacy), settings)
    side.view.settle_s = 0.2
    async with side.adapters.database.orgless() as session:
        orgs = await list_orgs(session)
    org = next(org for org in orgs if org.id == ORG_ID)
    yield Town(portal, emulator, org, side, Migration(side.adapters, settings))
    await side.view.close()
    await legacy.close()
    emulator.faults.reset()


@pytest_asyncio.fixture
async def town(portal: Portal, emulator: Emulator) -> AsyncIterator[Town]:
    async with living_in(portal, emulator, LegacySettings(shadow_reads=20)) as town:
        yield town
