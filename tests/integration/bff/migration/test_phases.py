"""What a customer is told and where an upload goes, in every phase; the table of phases is the parameter list."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bff.demo.people import DEMO_PEOPLE
from bff.migration.phases import Phase
from bff.migration.service import StepRefused
from sf_sync.emulator.app import Emulator
from tests.documents import make_jpeg
from tests.fixtures.portal import HANA
from tests.integration.bff.migration.town import Town
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import update_account
from tests.tables import make_id, read_table

PHASES = read_table("migration.md", "Phases")
HANA_ID = DEMO_PEOPLE[0].customer_id
YESTERDAY = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
JPEG = make_jpeg((320, 200))
COUNT_ROWS = "SELECT id FROM residence_card_submissions"
COUNT_UPLOADS = "SELECT id FROM deliveries WHERE kind = 'id_document'"


def get_hana(emulator: Emulator) -> str:
    (account,) = emulator.org.find_by("Account", "Portal_Customer_Id__c", str(HANA_ID))
    return str(account["Id"])


async def upload(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/api/verification/id", files={"file": ("card.jpg", JPEG, "image/jpeg")})


async def get_status(town: Town) -> dict[str, Any]:
    async with town.portal.signed_in(HANA) as hana:
        answer = await hana.get("/api/verification/id")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.asyncio
class TestPhase:
    @pytest.mark.parametrize("row", PHASES, ids=make_id)
    async def test_says_who_tells_the_status_and_where_an_upload_goes(
        self, town: Town, row: dict[str, str]
    ) -> None:
        """The table says rejected; Salesforce, which nobody has told, says that nothing was submitted."""
        await town.add_row(HANA_ID, status="rejected", message="Too dark.", submitted_at=YESTERDAY)
        await town.go_to(Phase(row["phase"]))
        all_ramped = await get_status(town)
        await town.set_percent(0)
        none_ramped = await get_status(town)
        async with town.portal.signed_in(HANA) as hana:
            answer = await upload(hana)
        shown = await get_status(town)

        told = {"table": ("rejected", "rejected"), "Salesforce": ("not_submitted", "not_submitted")}
        told["table or Salesforce"] = ("not_submitted", "rejected")
        assert (all_ramped["status"], none_ramped["status"]) == told[row["status"]]
        assert (answer.status_code, shown["status"]) == (202, "submitted"), answer.text
        assert shown["file"]["name"] == "card.jpg"
        assert len(await town.list_rows(COUNT_ROWS)) == 1 + ("table" in row["uploads"])
        assert len(await town.list_rows(COUNT_UPLOADS)) == int("Salesforce" in row["uploads"])

    async def test_without_rows_is_no_phase_at_all(self, town: Town) -> None:
        async with town.portal.signed_in(HANA) as hana:
            await upload(hana)

        assert await town.list_rows("SELECT phase FROM migrations") == []
        assert await town.list_rows(COUNT_ROWS) == []
        assert (await town.migration.report(town.org)).entry is None


@pytest.mark.asyncio
class TestDualWrite:
    async def test_makes_earlier_rows_earlier_versions(self, town: Town) -> None:
        account_id = get_hana(town.emulator)
        await town.add_row(HANA_ID, status="rejected", message="Too dark.", submitted_at=YESTERDAY)
        await town.go_to(Phase.DUAL_WRITE)
        async with town.portal.signed_in(HANA) as hana:
            await upload(hana)
            await Scene(town.portal, town.emulator).deliver()
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        versions = town.list_versions(account_id)
        assert [attempt["versionId"] for attempt in reversed(attempts)] == [each["Id"] for each in versions]
        assert [attempt["number"] for attempt in attempts] == [2, 1]
        assert town.get_account(account_id)["Id_Verification_Status__c"] == "Submitted"
        await town.go_to(Phase.BACKFILL)
        assert (await town.backfill()).moved == 0
        assert len(town.list_versions(account_id)) == 2
        outcome = await town.verify()
        assert outcome.counts == {}, outcome.differences

    async def test_takes_an_upload_while_salesforce_is_away(self, town: Town) -> None:
        await town.add_row(HANA_ID, status="rejected", submitted_at=YESTERDAY)
        await town.go_to(Phase.DUAL_WRITE)
        async with town.portal.signed_in(HANA) as hana:
            await hana.get("/api/verification/id")
            town.emulator.faults.unavailable = True
            answer = await upload(hana)
        town.emulator.faults.reset()
        await Scene(town.portal, town.emulator).deliver()

        assert answer.status_code == 202
        states = await town.list_rows("SELECT state FROM migration_documents")
        assert [row["state"] for row in states] == ["moved", "moved"]

    async def test_of_the_last_legacy_upload_and_its_backfill_make_one_file(self, town: Town) -> None:
        await town.add_row(HANA_ID, status="rejected", submitted_at=YESTERDAY)
        await town.go_to(Phase.LEGACY)
        async with town.portal.signed_in(HANA) as hana:
            await upload(hana)
            await town.go_to(Phase.BACKFILL)
            await town.backfill()
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        assert [attempt["state"] for attempt in attempts] == ["delivered", "delivered"]
        assert len(town.list_versions(get_hana(town.emulator))) == 2


@pytest.mark.asyncio
class TestOrders:
    async def test_go_through_on_the_tables_word(self, town: Town) -> None:
        await town.add_row(HANA_ID, status="verified", submitted_at=YESTERDAY)
        await town.go_to(Phase.DUAL_WRITE)
        async with town.portal.signed_in(HANA) as hana:
            body = {"items": [{"sku": "SIM-3G", "quantity": 1}]}
            evaluated = (await hana.post("/api/checkout/evaluate", json=body)).json()
            placed = await hana.post("/api/orders", json=body, headers={"Idempotency-Key": "one"})

        assert evaluated["canSubmit"], evaluated
        assert placed.status_code == 201, placed.text

    async def test_are_refused_on_the_tables_word(self, town: Town) -> None:
        await town.add_row(HANA_ID, status="rejected", message="Too dark.", submitted_at=YESTERDAY)
        await town.go_to(Phase.DUAL_WRITE)
        async with town.portal.signed_in(HANA) as hana:
            body = {"items": [{"sku": "SIM-3G", "quantity": 1}]}
            placed = await hana.post("/api/orders", json=body, headers={"Idempotency-Key": "one"})

        assert (placed.status_code, placed.json()["problems"][0]["code"]) == (409, "id_rejected")


@pytest.mark.asyncio
class TestShadow:
    async def test_refuses_the_next_phase_at_one_mismatch_and_allows_it_at_none(self, town: Town) -> None:
        await town.add_row(HANA_ID, status="verified", submitted_at=YESTERDAY)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()
        await town.go_to(Phase.SHADOW_READ)
        account_id = get_hana(town.emulator)
        for _ in range(19):
            await town.side.view.read(town.org.id, account_id)
        with pytest.raises(StepRefused, match="19 of 20 reads compared"):
            await town.advance()
        await town.side.view.read(town.org.id, account_id)
        allowed = (await town.look()).blocker
        update_account(town.emulator, account_id, Id_Verification_Status__c="Submitted")
        await town.adapters.account_view.invalidate([account_id])
        told = await town.side.view.read(town.org.id, account_id)
        await town.side.view.finish_comparing()

        assert allowed is None
        assert told.facts.verification.status == "verified"
        with pytest.raises(StepRefused, match="1 of 21 reads differed"):
            await town.advance()

    async def test_steps_a_ramp_back_by_itself(self, town: Town) -> None:
        await town.add_row(HANA_ID, status="verified", submitted_at=YESTERDAY)
        await town.go_to(Phase.RAMP)
        await town.side.view.read(town.org.id, get_hana(town.emulator))
        await town.side.view.finish_comparing()
        await town.side.reads.flush()
        await town.follow()

        report = await town.look()
        assert report.entry is not None
        assert (report.entry.phase, report.entry.reason) == (Phase.SHADOW_READ, "1 of 1 reads differed.")
        assert (await get_status(town))["status"] == "verified"


@pytest.mark.asyncio
class TestTwoOperators:
    async def test_take_one_step_between_them(self, town: Town) -> None:
        await town.add_row(HANA_ID, submitted_at=YESTERDAY)
        await town.go_to(Phase.LEGACY)
        ends = await asyncio.gather(
            *(town.migration.advance(town.org) for _ in range(4)), return_exceptions=True
        )

        refused = [end for end in ends if isinstance(end, StepRefused)]
        assert [end for end in ends if end not in refused] == [Phase.DUAL_WRITE]
        assert len(refused) == 3
        assert (await town.look()).entry.phase is Phase.DUAL_WRITE  # type: ignore[union-attr]

    async def test_cannot_ramp_what_has_stepped_back(self, town: Town) -> None:
        await town.add_row(HANA_ID, submitted_at=YESTERDAY)
        await town.go_to(Phase.DUAL_WRITE)
        with pytest.raises(StepRefused, match="belongs to the ramp"):
            await town.advance(percent=50)

    async def test_are_told_what_is_waited_for_once(self, town: Town) -> None:
        await town.add_row(HANA_ID, submitted_at=YESTERDAY)
        await town.go_to(Phase.BACKFILL)
        told: list[str] = []
        with pytest.raises(StepRefused, match="1 rows are not in Salesforce yet"):
            await town.migration.advance_in_time(town.org, percent=None, wait_s=1.2, tell=told.append)
        advancing = asyncio.create_task(
            town.migration.advance_in_time(town.org, percent=None, wait_s=20, tell=lambda _: None)
        )
        await town.backfill()

        assert told == ["1 rows are not in Salesforce yet: run bff migrate backfill."]
        assert await advancing is Phase.VERIFY
