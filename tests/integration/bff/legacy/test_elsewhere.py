"""An older portal's own database: other names, numbers for ids, e-mail addresses for customers, files in a folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bff.db import Database
from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.legacy import LegacyTable, LegacyUnavailable, NewRow, RowStatus
from bff.settings import LegacySettings
from tests.fixtures.portal import Portal
from tests.fixtures.postgres import TestDatabase

ORG_ID = DEMO_ORGS[0].id
HANA = DEMO_PEOPLE[0]
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
CREATE = """
    CREATE SCHEMA old;
    CREATE TABLE old.cards (
        no bigserial PRIMARY KEY, mail text, title text, data text, state text, why text, sent timestamptz,
        decided timestamptz);
    INSERT INTO old.cards (mail, title, data, state, why, sent, decided) VALUES
        ('hana@customer.example', 'a.jpg', 'one.jpg', 'Rejected', 'Too dark.', '2025-03-01 09:00Z', '2025-03-02'),
        ('hana@customer.example', 'b.jpg', '../secret', 'pending', NULL, '2025-04-01 09:00Z', NULL);
"""
COLUMNS = {
    "id": "no",
    "customer_id": "mail",
    "file_name": "title",
    "content_type": "",
    "content": "data",
    "status": "state",
    "reviewer_note": "",
    "rejection_message": "why",
    "submitted_at": "sent",
    "reviewed_at": "decided",
    "updated_at": "",
}


@pytest.fixture
def settings(test_database: TestDatabase, tmp_path: Path) -> LegacySettings:
    with psycopg.connect(test_database.owner_url, autocommit=True) as connection:
        connection.execute(CREATE)
    folder = tmp_path / "cards"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(b"picture")
    (tmp_path / "secret").write_bytes(b"not a document")
    return LegacySettings(
        url=test_database.owner_url,
        org="demo",
        table="old.cards",
        columns=COLUMNS,
        customer_is="email",
        folder=folder,
    )


@pytest.mark.asyncio
class TestElsewhere:
    async def test_is_read_under_its_own_names(self, portal: Portal, settings: LegacySettings) -> None:
        table = LegacyTable(portal.adapters.database, settings)
        rows = await table.list_page(ORG_ID, after=None, limit=10)
        later = await table.list_page(ORG_ID, after=rows[0].id, limit=10)
        contents = [await table.read_content(ORG_ID, row.id) for row in rows]
        found = await table.find_customers(ORG_ID, [rows[0].customer, "nobody@customer.example"])
        await table.close()

        assert [(row.id, row.status, row.message, row.size) for row in rows] == [
            ("1", RowStatus.REJECTED, "Too dark.", 7),
            ("2", RowStatus.SUBMITTED, None, 0),
        ]
        assert [row.id for row in later] == ["2"]
        # A path that leads out of the folder is no document.
        assert contents == [b"picture", None]
        assert {key: value.customer_id for key, value in found.items()} == {HANA.email: HANA.customer_id}

    async def test_is_written_and_deleted_with_its_files(
        self, portal: Portal, settings: LegacySettings
    ) -> None:
        table = LegacyTable(portal.adapters.database, settings)
        row_id = await table.reserve_id(ORG_ID)
        row = NewRow(
            id=row_id,
            customer=HANA.email,
            file_name="c.jpg",
            content_type="image/jpeg",
            content=b"new",
            submitted_at=NOON,
        )
        for _ in range(2):
            await table.insert(None, ORG_ID, row)
        written = await table.read_content(ORG_ID, row_id)
        files = {path.name for path in _list(settings)}
        await table.delete(ORG_ID, dict.fromkeys(("1", "2", row_id)))
        left = await table.count(ORG_ID)
        await table.close()

        assert (row_id, written, left) == ("3", b"new", 0)
        assert files == {"one.jpg", "3.bin"}
        assert _list(settings) == []

    async def test_that_does_not_answer_says_so(self, database: Database) -> None:
        table = LegacyTable(database, LegacySettings(url="postgresql://nobody@127.0.0.1:1/none", org="demo"))
        with pytest.raises(LegacyUnavailable):
            await table.count(ORG_ID)
        await table.close()


def _list(settings: LegacySettings) -> list[Any]:
    return list(Path(str(settings.folder)).iterdir())
