"""Every planted difference is found, nothing else is, and what is safe to repair is repaired."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bff.migration import demo_data
from bff.migration.conditions import CONDITIONS
from bff.migration.differences import DifferenceClass
from bff.migration.following import sync_verdict
from bff.migration.phases import ORDER, Phase
from bff.migration.planting import PLANTS, plant
from bff.migration.purge import PurgeRefused
from bff.migration.report import write_report
from bff.migration.rules import Sync
from bff.migration.service import StepRefused
from bff.migration.verifier import Verifier
from tests.integration.bff.migration.test_phases import HANA_ID, YESTERDAY, get_hana
from tests.integration.bff.migration.town import ORG_ID, Town
from tests.tables import read_table


@pytest.mark.asyncio
class TestVerifier:
    async def test_finds_what_was_planted_and_nothing_else_and_repairs_it(
        self, town: Town, tmp_path: Path
    ) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=45)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()
        assert (await town.verify()).differences == []
        planted = await plant(town.adapters, ORG_ID, faults=2 * len(PLANTS))

        outcome = await town.verify()
        mended = await town.verify(repair=True)
        last = await town.verify()
        write_report(outcome, town.org, tmp_path)

        found = {kind: {each.row_id for each in outcome.differences if each.kind is kind} for kind in PLANTS}
        assert found == planted
        assert len(outcome.differences) == 2 * len(PLANTS)
        assert mended.repaired == 2 * len(PLANTS)
        assert last.differences == []
        told = json.loads((tmp_path / "report.json").read_bytes())
        assert told["counts"] == {kind.value: 2 for kind in PLANTS}
        page = (tmp_path / "report.html").read_text()
        assert all(kind.value in page for kind in PLANTS)

    async def test_is_not_clean_with_rows_that_cannot_move_until_they_are_ignored(self, town: Town) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=8, faults=1)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()
        (difference,) = (await town.verify()).differences
        with pytest.raises(StepRefused, match="1 rows cannot be moved"):
            await town.advance()
        for days, found in ((-1, 1), (30, 0)):
            until = datetime.now(UTC) + timedelta(days=days)
            await town.migration.ignore(town.org, difference.row_id, "reported", reason="Known.", until=until)
            assert len((await town.verify()).differences) == found

        assert await town.advance() is Phase.VERIFY

    async def test_looks_twice_before_it_calls_a_verdict_on_its_way_a_difference(self, town: Town) -> None:
        await town.add_row(HANA_ID, submitted_at=YESTERDAY)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()
        await town.list_rows(
            "UPDATE residence_card_submissions SET status = 'verified', updated_at = now(), reviewed_at = now()"
            " RETURNING id"
        )
        passing: list[asyncio.Task[Sync]] = []

        def pass_on(*_: int) -> None:
            account_id = get_hana(town.emulator)
            passing.append(asyncio.create_task(sync_verdict(town.adapters, ORG_ID, account_id)))

        outcome = await Verifier(town.adapters, ORG_ID, settle_s=1.0, tell=pass_on).run()

        assert outcome.differences == []
        assert [await each for each in passing] == [Sync.TO_SALESFORCE]

    async def test_tells_of_rows_that_somebody_deleted(self, town: Town) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=4)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()
        await town.list_rows("DELETE FROM residence_card_submissions RETURNING id")

        assert (await town.verify()).counts == {"row_gone": 4}


@pytest.mark.asyncio
class TestWholeWay:
    async def test_is_gone_only_as_far_as_the_measured_state_allows(self, town: Town, tmp_path: Path) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=6)
        (account,) = await town.list_rows(
            "SELECT account_id FROM customers WHERE first_name = 'Demo' LIMIT 1"
        )

        async def advance(refused: str = "") -> Phase:
            if refused:
                with pytest.raises(StepRefused, match=refused):
                    await town.advance()
            return (await town.look()).entry.phase if refused else await town.advance()  # type: ignore[union-attr]

        assert await advance() is Phase.DUAL_WRITE
        await advance("wait two seconds")
        await town.age()
        assert await advance() is Phase.BACKFILL
        await advance("6 rows are not in Salesforce yet")
        await town.backfill()
        assert await advance() is Phase.VERIFY
        await town.verify()
        await advance("1 of 2 clean passes")
        await town.verify()
        assert await advance() is Phase.SHADOW_READ
        await advance("0 of 20 reads")
        await town.follow()
        for _ in range(20):
            await town.side.view.read(ORG_ID, account["account_id"])
        assert await advance() is Phase.RAMP
        await advance("answers for 5 %")
        await town.advance(percent=100)
        assert await advance() is Phase.SALESFORCE
        await advance("No clean pass since")
        await town.verify()
        with pytest.raises(PurgeRefused):
            await town.purge(tmp_path / "digests")
        assert await advance() is Phase.SALESFORCE_ONLY
        proof = await town.purge(tmp_path / "digests")

        assert "0 bytes of rows, 0 bytes of documents" in proof
        assert len((tmp_path / "digests").read_text().splitlines()) == 6
        with pytest.raises(StepRefused):
            await town.migration.back(town.org)

    async def test_can_be_gone_backwards_from_every_phase_but_the_first_and_last(self, town: Town) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=1)
        for phase in ORDER[1:-1]:
            await town.go_to(phase)
            assert await town.migration.back(town.org) is ORDER[ORDER.index(phase) - 1]

    async def test_is_not_purged_while_a_row_is_unverified(self, town: Town, tmp_path: Path) -> None:
        await demo_data.load(town.adapters, ORG_ID, rows=2)
        await town.go_to(Phase.SALESFORCE_ONLY)
        with pytest.raises(PurgeRefused, match="2 rows are not verified"):
            await town.purge(tmp_path / "digests")

        assert len(await town.list_rows("SELECT id FROM residence_card_submissions")) == 2


class TestConditions:
    def test_are_those_of_the_page(self) -> None:
        written = {row["leaving"]: row["holds when"] for row in read_table("migration.md", "Conditions")}
        named = {
            phase.value: [condition.name for condition in conditions]
            for phase, conditions in CONDITIONS.items()
            if conditions
        }

        assert written.keys() == named.keys()
        for phase, names in named.items():
            assert all(name in written[phase] for name in names), phase


class TestDifferences:
    def test_are_those_of_the_page(self) -> None:
        written = [row["class"] for row in read_table("migration.md", "Differences that the verifier finds")]

        assert written == [kind.value for kind in DifferenceClass]
