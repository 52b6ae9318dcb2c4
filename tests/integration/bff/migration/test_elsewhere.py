"""An older portal's own database, with all that such a table may hold after years."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg.rows import dict_row

from bff.demo.people import DEMO_PEOPLE
from bff.legacy import LegacyMisfit
from bff.legacy.rows import NEVER
from bff.migration.phases import Phase
from bff.settings import LegacySettings
from sf_sync.accounts import SourceUnavailable
from sf_sync.emulator.app import Emulator
from tests.fixtures.portal import Portal
from tests.fixtures.postgres import TestDatabase
from tests.integration.bff.migration.test_phases import get_hana
from tests.integration.bff.migration.town import ORG_ID, PICTURE, Town, living_in

HANA, KENJI = DEMO_PEOPLE[0].email, DEMO_PEOPLE[1].email
CREATE = """
    CREATE SCHEMA old;
    CREATE TABLE old.cards (no serial PRIMARY KEY, mail text, title text, data bytea, state text, sent timestamp,
        decided date);
"""
COLUMNS = {"id": "no", "customer_id": "mail", "file_name": "title", "content": "data", "status": "state"}
COLUMNS |= {"submitted_at": "sent", "reviewed_at": "decided", "content_type": "", "reviewer_note": ""}
COLUMNS |= {"rejection_message": "", "updated_at": ""}
INSERT = "INSERT INTO old.cards (mail, title, data, state, sent, decided) VALUES (%s, %s, %s, %s, %s, %s)"


class OlderPortal:
    def __init__(self, url: str) -> None:
        self._url = url

    def do(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self._url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture
def older(test_database: TestDatabase) -> OlderPortal:
    older = OlderPortal(test_database.owner_url)
    older.do(CREATE)
    return older


def make_settings(older: OlderPortal, **values: Any) -> LegacySettings:
    given = {
        "url": older._url,
        "org": "demo",
        "table": "old.cards",
        "columns": COLUMNS,
        "customer_is": "email",
    }
    return LegacySettings(**given | values)


@pytest_asyncio.fixture
async def town(portal: Portal, emulator: Emulator, older: OlderPortal) -> AsyncIterator[Town]:
    async with living_in(portal, emulator, make_settings(older)) as town:
        yield town


@pytest.mark.asyncio
class TestRowsOfAnOlderPortal:
    async def test_move_as_they_are_or_are_told(self, town: Town, older: OlderPortal) -> None:
        noon = datetime(2025, 3, 1, 12)  # noqa: DTZ001 - as the column has it
        rows = [
            (HANA, "a.jpg", PICTURE, "Approved", noon, noon.date()),
            (None, "b.jpg", PICTURE, "pending", noon, None),
            ("nobody@customer.example", None, PICTURE, "pending", noon, None),
            (KENJI, "..\\..//\u202egpj.exe", None, "pending", noon, None),
            (KENJI, "\x1b[2J\n", b"\x00\xff" * 400, "pending", noon, None),
            (KENJI, "e.jpg", PICTURE, None, noon, None),
            (KENJI, "f.jpg", PICTURE, "pending", None, None),
        ]
        for row in rows:
            older.do(INSERT, *row)
        await town.side.board.refresh()
        await town.go_to(Phase.BACKFILL)
        done = await town.backfill()

        account = town.get_account(get_hana(town.emulator))
        told = await town.list_rows("SELECT row_id, reason FROM migration_documents WHERE state = 'reported'")
        assert (done.moved, done.reported) == (1, 6)
        assert account["Id_Verification_Status__c"] == "Verified"
        assert account["Id_Verification_Submitted_Date_Time__c"].startswith("2025-03-01T12:00:00")
        assert {row["row_id"]: row["reason"] for row in told} == {
            "2": "The customer is not known here.",
            "3": "The customer is not known here.",
            "4": "The document is empty.",
            "5": "The document cannot be decoded.",
            "6": "The row's status has no known spelling.",
            "7": "The row does not say when it was submitted.",
        }
        assert (await town.verify()).counts == {"reported": 6}

    async def test_never_come_before_others_for_want_of_a_time(self, town: Town, older: OlderPortal) -> None:
        older.do(INSERT, HANA, "a.jpg", PICTURE, "pending", "infinity", None)
        (row,) = await town.adapters.legacy.list_page(ORG_ID, after=None, limit=9)

        assert (row.submitted_at, row.updated_at) == (NEVER, NEVER)

    async def test_are_decided_by_our_side_too(self, town: Town, older: OlderPortal) -> None:
        """Without a column for changes: the newest of its times stands for it."""
        older.do(INSERT, HANA, "a.jpg", PICTURE, "pending", "2025-03-01 12:00:00.123456", None)
        (row,) = await town.adapters.legacy.list_page(ORG_ID, after=None, limit=9)
        decided = type(row)(**{name: getattr(row, name) for name in row.__struct_fields__} | DECISION)
        taken = [await town.adapters.legacy.decide(ORG_ID, row, decided) for _ in range(2)]

        (now,) = older.do("SELECT state, decided::text FROM old.cards")
        assert taken == [True, False]
        assert now == {"state": "verified", "decided": "2025-03-02"}


DECISION = {"status": "verified", "reviewed_at": datetime(2025, 3, 2, tzinfo=UTC)}


@pytest.mark.asyncio
class TestTableOfAnOlderPortal:
    async def test_begins_its_orgs_migration_with_its_first_row(self, town: Town, older: OlderPortal) -> None:
        await town.side.board.refresh()
        before = town.side.board.find(ORG_ID)
        older.do(INSERT, HANA, "a.jpg", PICTURE, "pending", datetime.now(UTC), None)
        await town.side.board.look_for_rows()

        standing = town.side.board.find(ORG_ID)
        assert before is None
        assert standing is not None
        assert standing.phase is Phase.LEGACY

    async def test_lets_nobody_guess_while_it_is_away(
        self, portal: Portal, emulator: Emulator, older: OlderPortal
    ) -> None:
        settings = make_settings(older, url="postgresql://nobody@127.0.0.1:1/none")
        async with living_in(portal, emulator, settings) as town:
            await town.side.board.refresh()
            with pytest.raises(SourceUnavailable):
                await town.side.view.read(ORG_ID, get_hana(emulator))

    @pytest.mark.parametrize(("percent", "answers"), [(100, True), (0, False)])
    async def test_costs_nobody_an_answer_that_salesforce_gives(
        self, portal: Portal, emulator: Emulator, older: OlderPortal, percent: int, answers: bool
    ) -> None:
        settings = make_settings(older, url="postgresql://nobody@127.0.0.1:1/none")
        async with living_in(portal, emulator, settings) as town:
            await town.list_rows(
                "INSERT INTO migrations (org_id, phase, percent) VALUES"
                f" (current_setting('app.org')::uuid, 'ramp', {percent}) RETURNING phase"
            )
            await town.side.board.refresh()
            if answers:
                await town.side.view.read(ORG_ID, get_hana(emulator))
                return
            with pytest.raises(SourceUnavailable):
                await town.side.view.read(ORG_ID, get_hana(emulator))

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"columns": COLUMNS | {"status": "verdict"}}, 'column "verdict" does not exist'),
            ({"columns": COLUMNS | {"id": "number"}}, "column number does not exist"),
            ({"table": "old.papers"}, 'relation "old.papers" does not exist'),
            (
                {"columns": COLUMNS | {"submitted_at": "title", "updated_at": "sent"}},
                "invalid input syntax for type timestamp with",
            ),
        ],
    )
    async def test_that_is_not_as_the_settings_say_is_named(
        self, portal: Portal, emulator: Emulator, older: OlderPortal, change: dict[str, Any], reason: str
    ) -> None:
        older.do(INSERT, HANA, "a.jpg", PICTURE, "pending", None, None)
        async with living_in(portal, emulator, make_settings(older, **change)) as town:
            with pytest.raises(LegacyMisfit) as caught:
                await town.adapters.legacy.list_page(ORG_ID, after=None, limit=1)

        assert reason in caught.value.reason
        assert "a.jpg" not in caught.value.reason
