"""A whole migration with a customer watching: her status page is right in every phase, without a reload."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from psycopg.rows import dict_row

from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.migration.demo_data import make_pictures
from bff.up.data_dir import DataDir
from tests.documents import make_jpeg
from tests.faults.up_run import UpRun, run_bff, up_run
from tests.journeys.test_id_verification import SIM, choose, make_file, verify
from tests.journeys.town import Town, headline

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

ORG_ID, HANA_ID = DEMO_ORGS[0].id, DEMO_PEOPLE[0].customer_id
INSERT = (
    "INSERT INTO residence_card_submissions (org_id, id, customer_id, file_name, content_type, content, status,"
    " submitted_at) VALUES (%s, %s, %s, 'old.jpg', 'image/jpeg', %s, 'pending', %s)"
)
REJECT = (
    "UPDATE residence_card_submissions SET status = 'rejected', rejection_message = 'The card has expired.',"
    " reviewed_at = clock_timestamp(), updated_at = clock_timestamp()"
)
STATUSES = "SELECT status FROM residence_card_submissions ORDER BY submitted_at"


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpRun]:
    with up_run(tmp_path_factory.mktemp("migration")) as run:
        run.start(MIGRATION_SHADOW_READS="3")
        yield run


class OlderPortal:
    """Its reviewers know nothing of Salesforce: they write into the table."""

    def __init__(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        self._connection = connection

    async def do(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self._connection.transaction():
            await self._connection.execute("SELECT set_config('app.org', %s, true)", [str(ORG_ID)])
            cursor = await self._connection.execute(statement, values)  # type: ignore[call-overload]
            return list(await cursor.fetchall()) if cursor.description else []


@pytest_asyncio.fixture(loop_scope="module")
async def older(moving: UpRun) -> AsyncIterator[OlderPortal]:
    running = DataDir(moving.data_dir).find_running()
    assert running is not None
    url = running.environment["DATABASE_URL"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, row_factory=dict_row
    ) as connection:
        await connection.execute("SET ROLE portal_app")
        yield OlderPortal(connection)


class Operator:
    def __init__(self, run: UpRun) -> None:
        self._run = run

    async def migrate(self, *words: str) -> str:
        """What the command prints; it has to succeed."""
        done = await asyncio.to_thread(
            run_bff, "migrate", *words, "--data-dir", str(self._run.data_dir), MIGRATION_SHADOW_READS="3"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def advance(self, phase: str, *words: str) -> None:
        assert phase in await self.migrate("advance", *words)


async def expect_headline(page: Page, text: str) -> None:
    """On the open page, and on one that is loaded anew."""
    await expect(headline(page)).to_have_text(text, timeout=15_000)
    other = await page.context.new_page()
    await other.goto(SIM)
    await expect(headline(other)).to_have_text(text)
    await other.close()


class TestMigration:
    async def test_is_nothing_that_a_customer_sees(
        self, moving: UpRun, older: OlderPortal, browser: Browser, tmp_path: Path
    ) -> None:
        town, operator = Town(moving, browser), Operator(moving)
        async with town.visit("Hana Sato", SIM) as page:
            await page.evaluate("() => { window.isSamePage = true }")
            await older.do(INSERT, ORG_ID, uuid4(), HANA_ID, make_pictures()[0], datetime.now(UTC))
            await expect_headline(page, "Submitted")
            await older.do(REJECT)
            await expect_headline(page, "ID verification rejected")
            await expect(page.get_by_text("The card has expired.")).to_be_visible()

            await operator.advance("dual_write")
            await choose(page, make_file("new.jpg", make_jpeg()))
            await page.get_by_role("button", name="Resubmit").click()
            await expect_headline(page, "Submitted")
            await operator.advance("backfill", "--wait", "10")
            await operator.migrate("backfill")
            await expect_headline(page, "Submitted")
            await operator.advance("verify")
            for _ in range(2):
                await operator.migrate("verify", "--report", str(tmp_path))
            await operator.advance("shadow_read")
            for _ in range(3):
                await expect_headline(page, "Submitted")
            await operator.advance("ramp", "--percent", "100")
            await expect_headline(page, "Submitted")

            await verify(town, "Hana Sato")
            await expect_headline(page, "Verified")
            await until_equal(older, ["rejected", "verified"])
            await operator.advance("salesforce")
            assert "ramp" in await operator.migrate("back")
            await expect_headline(page, "Verified")
            await operator.advance("salesforce")
            await operator.migrate("verify")
            await operator.advance("salesforce_only")
            assert "0 bytes of documents" in await operator.migrate(
                "purge", "--digests", str(tmp_path / "all")
            )
            await expect_headline(page, "Verified")
            assert await page.evaluate("() => window.isSamePage") is True
        assert await older.do(STATUSES) == []


async def until_equal(older: OlderPortal, statuses: list[str]) -> None:
    """A verdict finds its way to the table; another process writes it, so there is no event to await."""
    async with asyncio.timeout(15):
        while [row["status"] for row in await older.do(STATUSES)] != statuses:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
