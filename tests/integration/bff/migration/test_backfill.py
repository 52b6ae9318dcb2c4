"""Every row becomes a File of its account, with status, times and words, or is told why not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bff.migration import demo_data
from bff.migration.backfill import Backfill, BackfillRefused, Progress
from bff.migration.phases import Phase
from sf_sync.client.breaker import Breaker
from tests.integration.bff.migration.town import ORG_ID, Town
from tests.integration.bff.scene import Scene

LONG_AGO = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)


async def make_customer(town: Town) -> tuple[str, object]:
    (account_id,) = await demo_data.make_accounts(town.adapters, 1)
    customer = {"org": ORG_ID, "id": uuid4(), "name": "One", "account": account_id}
    async with town.adapters.database.transaction(ORG_ID) as session:
        await session.execute(demo_data.INSERT_CUSTOMER, customer)
    return account_id, customer["id"]


@pytest.mark.asyncio
class TestBackfill:
    async def test_moves_every_row_once_and_reports_what_cannot_move(self, town: Town) -> None:
        before = town.count_versions()
        await demo_data.load(town.adapters, ORG_ID, rows=60, faults=10)
        await town.go_to(Phase.BACKFILL)
        done = await town.backfill()
        again = await town.backfill()

        assert (done.moved, done.reported) == (50, 10)
        assert (again.moved, again.known) == (0, 50)
        assert town.count_versions() - before == 50
        reasons = await town.list_rows(
            "SELECT reason, count(*) FROM migration_documents WHERE state = 'reported' GROUP BY reason ORDER BY 1"
        )
        assert {row["reason"]: row["count"] for row in reasons} == {
            "The document is empty.": 2,
            "The document cannot be decoded.": 2,
            "The row's status has no known spelling.": 2,
            "The customer is not known here.": 2,
            "The customer has no account.": 2,
        }
        assert await town.list_rows("SELECT id FROM deliveries WHERE state IN ('waiting', 'parked')") == []

    async def test_takes_status_times_and_words_along(self, town: Town) -> None:
        account_id, customer_id = await make_customer(town)
        await town.add_row(
            customer_id,
            status="rejected",
            message="Too dark @{guard}.",
            submitted_at=LONG_AGO,
            reviewed_at=LONG_AGO + timedelta(hours=2),
        )
        await town.go_to(Phase.BACKFILL)
        await town.backfill()

        account = town.get_account(account_id)
        (version,) = town.list_versions(account_id)
        assert account["Id_Verification_Status__c"] == "Rejected"
        assert account["Id_Verification_Rejection_Message__c"] == "Too dark @ {guard}."
        assert account["Id_Verification_Submitted_Date_Time__c"].startswith("2025-03-01T09:30:00")
        assert account["Id_Verification_Submitted_Version_Id__c"] == version["Id"]
        assert account["Id_Verification_Content_Document_Id__c"] == version["ContentDocumentId"]
        (attempt,) = await town.list_rows(
            "SELECT number, verdict, state, version_id FROM verification_attempts"
        )
        assert attempt == {
            "number": 1,
            "verdict": "rejected",
            "state": "delivered",
            "version_id": version["Id"],
        }

    async def test_makes_rows_of_one_customer_versions_in_their_order(self, town: Town) -> None:
        account_id, customer_id = await make_customer(town)
        for days, status in ((9, "pending"), (3, "rejected"), (5, "rejected")):
            at = LONG_AGO + timedelta(days=days)
            await town.add_row(customer_id, status=status, submitted_at=at)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()

        versions = town.list_versions(account_id)
        attempts = await town.list_rows(
            "SELECT number, submitted_at, version_id FROM verification_attempts ORDER BY number"
        )
        assert [attempt["version_id"] for attempt in attempts] == [version["Id"] for version in versions]
        assert [attempt["submitted_at"].day for attempt in attempts] == [4, 6, 10]
        assert town.get_account(account_id)["Id_Verification_Status__c"] == "Submitted"

    async def test_refuses_before_its_phase(self, town: Town) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=2)
        with pytest.raises(BackfillRefused):
            await town.backfill()

    async def test_survives_answers_that_are_cut_and_makes_no_second_file(self, town: Town) -> None:
        before = town.count_versions()
        await demo_data.load(town.adapters, ORG_ID, rows=40)
        await town.go_to(Phase.BACKFILL)
        scene = Scene(town.portal, town.emulator)
        # The breaker would rest for ten seconds at every third cut in a row; here each cut shall meet a call.
        async with scene.another_process(breaker=Breaker(failures_to_open=10_000)) as process:
            town.emulator.faults.change({"seed": 5, "cut_after_ratio": 0.15, "method": "POST"})
            for _ in range(2):
                await Backfill(process.adapters, ORG_ID).run()
            town.emulator.faults.reset()
            await Backfill(process.adapters, ORG_ID).run()

        states = await town.list_rows("SELECT state, count(*) FROM migration_documents GROUP BY state")
        assert states == [{"state": "moved", "count": 40}]
        assert town.count_versions() - before == 40


class Waits:
    """What a run says while it goes on, and an event for the first time that it waits."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.began = asyncio.Event()

    def hear(self, progress: Progress) -> None:
        if progress.waits_for:
            self.reasons.append(progress.waits_for)
            self.began.set()


LATE_UPLOAD = (
    "INSERT INTO deliveries (org_id, id, kind, account_id, payload, next_attempt_at) VALUES"
    " (current_setting('app.org')::uuid, gen_random_uuid(), 'id_document', '001000000000001AAA', '{}',"
    " clock_timestamp() - interval '1 minute') RETURNING id"
)


@pytest.mark.asyncio
class TestBackfillWaits:
    async def test_for_an_operator(self, town: Town) -> None:
        await self.wait_and_go_on(
            town,
            "bff migrate resume",
            lambda: town.migration.set_paused(town.org, paused=True),
            lambda: town.migration.set_paused(town.org, paused=False),
        )

    async def test_for_customers_whose_documents_are_late(self, town: Town) -> None:
        await self.wait_and_go_on(
            town,
            "customers' own documents and requests",
            lambda: town.list_rows(LATE_UPLOAD),
            lambda: town.list_rows("DELETE FROM deliveries WHERE kind = 'id_document' RETURNING id"),
        )

    async def test_for_the_daily_allowance_and_notices_when_there_is_some_again(self, town: Town) -> None:
        """Another system has used it up; the figure comes with answers only."""
        budget = town.adapters.client.budget

        async def use_up() -> None:
            budget.observe({"sforce-limit-info": "api-usage=80000/100000"})

        async def let_probe() -> None:
            budget._told_at -= 600.0

        await self.wait_and_go_on(town, "the daily allowance of API calls", use_up, let_probe)

    async def wait_and_go_on(
        self, town: Town, reason: str, hold: Callable[[], Awaitable[Any]], let: Callable[[], Awaitable[Any]]
    ) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=5)
        await town.go_to(Phase.BACKFILL)
        await hold()
        waits = Waits()
        running = asyncio.create_task(town.backfill(waits.hear))
        async with asyncio.timeout(20):
            await waits.began.wait()
            moved = await town.list_rows("SELECT row_id FROM migration_documents WHERE state = 'moved'")
            await let()
            done = await running

        assert set(waits.reasons) == {reason}
        assert (moved, done.moved) == ([], 5)


@pytest.mark.asyncio
class TestTwoBackfills:
    async def test_never_run_for_one_org(self, town: Town) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=3)
        await town.go_to(Phase.BACKFILL)
        await town.migration.set_paused(town.org, paused=True)
        waits = Waits()
        first = asyncio.create_task(town.backfill(waits.hear))
        async with asyncio.timeout(20):
            await waits.began.wait()
            with pytest.raises(BackfillRefused, match="running already"):
                await town.backfill()
            await town.migration.set_paused(town.org, paused=False)
            assert (await first).moved == 3
