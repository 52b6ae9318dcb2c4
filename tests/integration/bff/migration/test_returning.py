"""The way back from `salesforce_only` and uploads that an older table missed: the table is made whole again."""

from datetime import UTC, datetime

import pytest

from bff.migration.phases import Phase
from tests.fixtures.portal import HANA
from tests.integration.bff.migration.test_phases import HANA_ID, YESTERDAY, get_hana, get_status, upload
from tests.integration.bff.migration.town import ORG_ID, Town
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import update_account

ROWS = "SELECT status, length(content) AS size FROM residence_card_submissions ORDER BY submitted_at"


async def upload_to_salesforce(town: Town) -> None:
    await town.add_row(HANA_ID, status="rejected", message="Too dark.", submitted_at=YESTERDAY)
    await town.go_to(Phase.BACKFILL)
    await town.backfill()
    await town.go_to(Phase.SALESFORCE_ONLY)
    async with town.portal.signed_in(HANA) as hana:
        assert (await upload(hana)).status_code == 202
    await Scene(town.portal, town.emulator).deliver()


@pytest.mark.asyncio
class TestUploadThatTheTableLacks:
    async def test_outdates_the_table_until_it_is_copied_into_it(self, town: Town) -> None:
        began_at = datetime.now(UTC)
        await upload_to_salesforce(town)
        assert await town.migration.back(town.org) is Phase.SALESFORCE
        found = await town.migration.make_whole(town.org, since=began_at)
        blocker = (await town.look()).measures
        await town.go_to(Phase.SHADOW_READ)
        told = await get_status(town)
        outcome = await town.verify()
        mended = await town.verify(repair=True)
        last = await town.verify()

        assert found == (1, 0)
        assert blocker is not None
        assert blocker.uncopied == 1
        assert told["status"] == "submitted"
        assert outcome.counts == {"not_in_table": 1}
        assert (mended.repaired, last.counts) == (1, {})
        (_, copied) = await town.list_rows(ROWS)
        (_, version) = town.list_versions(get_hana(town.emulator))
        assert copied == {"status": "pending", "size": version["ContentSize"]}

    async def test_takes_a_verdict_of_that_time_to_the_table(self, town: Town) -> None:
        await town.add_row(HANA_ID, submitted_at=YESTERDAY)
        await town.go_to(Phase.BACKFILL)
        await town.backfill()
        began_at = datetime.now(UTC)
        await town.go_to(Phase.SALESFORCE_ONLY)
        update_account(
            town.emulator,
            get_hana(town.emulator),
            Id_Verification_Status__c="Verified",
            Id_Verification_Reviewed_Version_Id__c=town.list_versions(get_hana(town.emulator))[0]["Id"],
        )
        await town.migration.back(town.org)

        assert await town.migration.make_whole(town.org, since=began_at) == (0, 1)
        assert [row["status"] for row in await town.list_rows(ROWS)] == ["verified"]
        assert await town.adapters.legacy.count(ORG_ID) == 1


@pytest.mark.asyncio
class TestYoungerDocumentInSalesforce:
    async def test_is_no_mismatch_and_what_the_customer_is_told(self, town: Town) -> None:
        """An org may have had Salesforce before its older table was joined: such an account must not bar the way."""
        async with town.portal.signed_in(HANA) as hana:
            await upload(hana)
        await Scene(town.portal, town.emulator).deliver()
        await town.add_row(HANA_ID, status="rejected", message="Too dark.", submitted_at=YESTERDAY)
        await town.go_to(Phase.SHADOW_READ)
        told = await town.side.view.read(ORG_ID, get_hana(town.emulator))
        await town.side.view.finish_comparing()

        assert told.facts.verification.status == "submitted"
        measures = (await town.look()).measures
        assert measures is not None
        assert measures.mismatched == 0
