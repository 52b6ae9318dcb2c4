"""Deleting is for what is safe elsewhere: each row is looked at as it goes."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bff.migration import demo_data
from bff.migration.phases import Phase
from bff.migration.purge import PurgeRefused
from tests.fixtures.postgres import TestDatabase
from tests.integration.bff.migration.town import ORG_ID, Town

COUNT = "SELECT id FROM residence_card_submissions"
ONE = "(SELECT id FROM residence_card_submissions ORDER BY id LIMIT 1)"


async def verify_all(town: Town, rows: int, *, faults: int = 0) -> None:
    await demo_data.load(town.adapters, ORG_ID, rows=rows, faults=faults)
    await town.go_to(Phase.BACKFILL)
    await town.backfill()
    await town.go_to(Phase.SALESFORCE_ONLY)
    await town.verify()


@pytest.mark.asyncio
class TestPurge:
    async def test_keeps_a_row_that_changed_since_it_was_verified(self, town: Town, tmp_path: Path) -> None:
        await verify_all(town, 4)
        await town.list_rows(
            f"UPDATE residence_card_submissions SET content = 'other' WHERE id = {ONE} RETURNING id"
        )
        with pytest.raises(PurgeRefused, match="has changed since it was verified"):
            await town.purge(tmp_path / "digests")

        assert len(await town.list_rows(COUNT)) == 4

    async def test_keeps_a_row_that_came_when_another_went(self, town: Town, tmp_path: Path) -> None:
        """As many rows as were verified are there, and one of them is none of those."""
        await verify_all(town, 3)
        (row,) = await town.list_rows(
            f"DELETE FROM residence_card_submissions WHERE id = {ONE} RETURNING customer_id"
        )
        await town.add_row(row["customer_id"], submitted_at=datetime.now(UTC))
        assert (await town.look()).blocker is None
        with pytest.raises(PurgeRefused, match="is not verified"):
            await town.purge(tmp_path / "digests")

        assert len(await town.list_rows(COUNT)) == 3

    async def test_asks_before_it_loses_what_never_moved(self, town: Town, tmp_path: Path) -> None:
        await verify_all(town, 4, faults=2)
        reported = await town.migration.list_reported(town.org)
        for row_id, _ in reported:
            until = datetime.now(UTC) + timedelta(days=1)
            await town.migration.ignore(town.org, row_id, "reported", reason="Known.", until=until)
        with pytest.raises(PurgeRefused, match="2 ignored rows never moved"):
            await town.purge(tmp_path / "digests")
        await town.purge(tmp_path / "digests", with_ignored=True)

        told = [json.loads(line) for line in (tmp_path / "digests").read_text().splitlines()]
        empty = hashlib.sha256(b"").hexdigest()
        assert await town.list_rows(COUNT) == []
        assert len(told) == 4
        assert empty in {each["sha256"] for each in told if each["state"] == "reported"}

    async def test_goes_on_after_a_crash_and_keeps_what_was_written(self, town: Town, tmp_path: Path) -> None:
        await verify_all(town, 3)

        def crash(*_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await town.purge(tmp_path / "digests", tell=crash)
        proof = await town.purge(tmp_path / "digests")

        assert "0 bytes of documents" in proof
        rows = {json.loads(line)["row_id"] for line in (tmp_path / "digests").read_text().splitlines()}
        assert len(rows) == 3

    async def test_proves_nothing_with_a_login_that_cannot_write_the_table_anew(
        self, town: Town, test_database: TestDatabase, tmp_path: Path
    ) -> None:
        await verify_all(town, 2)
        with pytest.raises(PurgeRefused, match="only the table's owner"):
            await town.purge(tmp_path / "digests", owner_url=test_database.url)
        proof = await town.purge(tmp_path / "digests")

        assert "0 bytes of documents" in proof
        assert (await town.look()).entry.phase is Phase.PURGED  # type: ignore[union-attr]

    async def test_deletes_nothing_without_a_place_for_the_digests(self, town: Town, tmp_path: Path) -> None:
        await verify_all(town, 2)
        with pytest.raises(PurgeRefused, match="cannot be written"):
            await town.purge(tmp_path / "nowhere" / "digests")

        assert len(await town.list_rows(COUNT)) == 2
