"""The product's own way of storing a document: one call, one commit, never twice, never over a verdict."""

import asyncio
from datetime import UTC, datetime
from hashlib import md5
from uuid import UUID, uuid4

import pytest

from sf_sync.client import SalesforceClient
from sf_sync.documents import Documents, DocumentStored, DocumentSuperseded
from sf_sync.emulator.app import Emulator
from sf_sync.emulator.id_verification import NOTE, REJECTION, REVIEWED_VERSION, STATUS, SUBMITTED_VERSION
from sf_sync.errors import OutcomeUnknown
from sf_sync.objects.account import VerificationFacts, VerificationStatus
from sf_sync.objects.document import DocumentFile
from sf_sync.objects.document_submission import SubmitDocument
from sf_sync.salesforce import Salesforce
from tests.conformance.files.library import Library
from tests.conformance.files.review import NEWER, Review
from tests.conformance.rest.caller import DATA, error_of

pytestmark = pytest.mark.asyncio

COMPOSITE = f"POST {DATA}/composite"
AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)


class Portal:
    """One customer of the portal."""

    def __init__(self, client: SalesforceClient, account_id: str) -> None:
        self.account_id = account_id
        self.documents = Documents(client)
        self._salesforce = Salesforce(client)

    async def read(self) -> VerificationFacts:
        facts = (await self._salesforce.read_accounts([self.account_id]))[self.account_id]
        assert facts is not None
        return facts.verification

    def make_command(
        self, expected: VerificationFacts, content: bytes = b"card", upload_id: UUID | None = None
    ) -> SubmitDocument:
        file = DocumentFile(upload_id=upload_id or uuid4(), file_name="id-document.jpg", content=content)
        return SubmitDocument(account_id=self.account_id, file=file, submitted_at=AT, expected=expected)

    async def submit(self, content: bytes = b"card") -> DocumentStored:
        """A submission that must succeed."""
        outcome = await self.documents.submit(self.make_command(await self.read(), content))
        assert isinstance(outcome, DocumentStored)
        return outcome


@pytest.fixture
def portal(salesforce_client: SalesforceClient, account_id: str) -> Portal:
    return Portal(salesforce_client, account_id)


def list_calls(emulator: Emulator) -> list[str]:
    return [f"{call.method} {call.path}" for call in emulator.journal.calls if call.counted]


class TestSubmission:
    async def test_is_one_call_and_one_commit(
        self, portal: Portal, library: Library, emulator: Emulator
    ) -> None:
        content = bytes(range(256)) * 400
        command = portal.make_command(await portal.read(), content)
        emulator.journal.clear()

        outcome = await portal.documents.submit(command)

        assert list_calls(emulator) == [COMPOSITE]
        assert len(emulator.journal.commits) == 1
        assert isinstance(outcome, DocumentStored)
        assert outcome.stored.checksum == md5(content).hexdigest()
        assert outcome.stored.size == len(content)
        facts = await portal.read()
        assert facts == VerificationFacts(
            status=VerificationStatus.SUBMITTED,
            submitted_at=AT,
            document_id=outcome.stored.document_id,
            submitted_version_id=outcome.stored.version_id,
        )
        assert portal.account_id in await library.list_places(outcome.stored.document_id)

    async def test_of_a_replacement_is_the_next_version_of_the_same_document(
        self, portal: Portal, library: Library, emulator: Emulator
    ) -> None:
        first = (await portal.submit(b"one")).stored
        command = portal.make_command(await portal.read(), b"two")
        emulator.journal.clear()

        outcome = await portal.documents.submit(command)

        assert isinstance(outcome, DocumentStored)
        second = outcome.stored
        assert list_calls(emulator) == [COMPOSITE]
        assert second.document_id == first.document_id
        versions = await library.list_versions(first.document_id)
        assert [(each["Id"], each["IsLatest"]) for each in versions] == [
            (first.version_id, False), (second.version_id, True),
        ]  # fmt: skip
        assert (await portal.read()).submitted_version_id == second.version_id

    async def test_after_a_rejection_clears_message_note_and_reviewed_version_in_the_same_commit(
        self, portal: Portal, review: Review, emulator: Emulator
    ) -> None:
        first = (await portal.submit(b"one")).stored
        await review.decide("Rejected", first.version_id, **{REJECTION: "Too dark.", NOTE: "Second look."})
        assert (await portal.read()).status is VerificationStatus.REJECTED

        await portal.submit(b"two")

        account = await review.read()
        assert account[STATUS] == "Submitted"
        assert [account[name] for name in (REJECTION, NOTE, REVIEWED_VERSION)] == [None, None, None]
        (change,) = [each for each in emulator.org.commits[-1].changes if each.entity == "Account"]
        assert {STATUS, REJECTION, NOTE, REVIEWED_VERSION, SUBMITTED_VERSION} <= change.changed

    async def test_of_10_mib_goes_through(self, portal: Portal) -> None:
        outcome = await portal.submit(bytes(10 * 1024 * 1024))

        assert outcome.stored.size == 10 * 1024 * 1024

    async def test_begins_another_document_when_the_old_one_was_deleted(
        self, portal: Portal, library: Library
    ) -> None:
        first = (await portal.submit(b"one")).stored
        await library.call("DELETE", f"sobjects/ContentDocument/{first.document_id}")

        second = (await portal.submit(b"two")).stored

        assert second.document_id != first.document_id
        assert (await portal.read()).document_id == second.document_id
        assert portal.account_id in await library.list_places(second.document_id)


class TestSuperseded:
    async def test_by_a_verdict_it_stores_nothing(
        self, portal: Portal, review: Review, library: Library
    ) -> None:
        first = (await portal.submit(b"one")).stored
        command = portal.make_command(await portal.read(), b"two")
        await review.decide("Verified", first.version_id)

        outcome = await portal.documents.submit(command)

        assert isinstance(outcome, DocumentSuperseded)
        assert outcome.facts is not None
        assert outcome.facts.verification.status is VerificationStatus.VERIFIED
        assert len(await library.list_versions(first.document_id)) == 1
        assert (await review.read())[STATUS] == "Verified"

    async def test_by_another_submission_it_stores_nothing(self, portal: Portal) -> None:
        before = await portal.read()
        await portal.submit(b"one")

        outcome = await portal.documents.submit(portal.make_command(before, b"two"))

        assert isinstance(outcome, DocumentSuperseded)
        assert outcome.facts is not None
        assert outcome.facts.verification.status is VerificationStatus.SUBMITTED

    async def test_by_the_end_of_the_account_it_says_so(self, portal: Portal, library: Library) -> None:
        command = portal.make_command(await portal.read())
        await library.call("DELETE", f"sobjects/Account/{portal.account_id}")

        assert await portal.documents.submit(command) == DocumentSuperseded(facts=None)
        assert await library.select("SELECT Id FROM ContentDocument") == []


class TestVerdictRace:
    async def test_a_verdict_after_the_replacement_is_refused(self, portal: Portal, review: Review) -> None:
        first = (await portal.submit(b"one")).stored
        await portal.submit(b"two")

        answer = await review.decide("Verified", first.version_id)

        assert error_of(answer)["message"] == NEWER
        assert (await portal.read()).status is VerificationStatus.SUBMITTED

    async def test_a_replacement_after_the_verdict_is_superseded(
        self, portal: Portal, review: Review
    ) -> None:
        first = (await portal.submit(b"one")).stored
        command = portal.make_command(await portal.read(), b"two")

        answer = await review.decide("Verified", first.version_id)
        outcome = await portal.documents.submit(command)

        assert answer.status_code == 204
        assert isinstance(outcome, DocumentSuperseded)
        assert (await portal.read()).status is VerificationStatus.VERIFIED

    async def test_whoever_comes_first_nobody_is_verified_by_what_was_not_looked_at(
        self, portal: Portal, review: Review
    ) -> None:
        for round_ in range(20):
            first = (await portal.submit(b"first %d" % round_)).stored
            command = portal.make_command(await portal.read(), b"second %d" % round_)
            steps = [review.decide("Verified", first.version_id), portal.documents.submit(command)]

            await asyncio.gather(*(steps if round_ % 2 else reversed(steps)))

            account = await review.read()
            if account[STATUS] == "Verified":
                assert account[REVIEWED_VERSION] == account[SUBMITTED_VERSION] == first.version_id
            else:
                assert account[SUBMITTED_VERSION] != first.version_id
            await review.change(**{STATUS: "Rejected"})

    async def test_a_verdict_about_another_version_is_read_as_submitted_and_may_be_replaced(
        self, portal: Portal, review: Review, library: Library
    ) -> None:
        first = (await portal.submit(b"one")).stored
        await review.decide("Verified", first.version_id)
        foreign = await library.upload(b"foreign", ContentDocumentId=first.document_id)
        await review.change(**{SUBMITTED_VERSION: foreign})
        assert (await portal.read()).status is VerificationStatus.SUBMITTED

        stored = (await portal.submit(b"two")).stored

        account = await review.read()
        assert (account[STATUS], account[SUBMITTED_VERSION]) == ("Submitted", stored.version_id)


class TestLostAnswer:
    async def test_is_found_by_the_upload_id(self, portal: Portal, emulator: Emulator) -> None:
        command = portal.make_command(await portal.read(), b"card")
        emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})
        with pytest.raises(OutcomeUnknown):
            await portal.documents.submit(command)
        emulator.faults.reset()

        stored = await portal.documents.find(command.file.upload_id)

        assert stored is not None
        assert stored.checksum == md5(b"card").hexdigest()
        assert stored.version_id == (await portal.read()).submitted_version_id

    async def test_sent_again_makes_no_second_file(
        self, portal: Portal, emulator: Emulator, library: Library
    ) -> None:
        command = portal.make_command(await portal.read(), b"card")
        emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})
        with pytest.raises(OutcomeUnknown):
            await portal.documents.submit(command)
        emulator.faults.reset()

        outcome = await portal.documents.submit(command)

        stored = await portal.documents.find(command.file.upload_id)
        assert stored is not None
        assert outcome == DocumentStored(stored=stored)
        assert len(await library.select("SELECT Id FROM ContentVersion")) == 1

    async def test_of_an_upload_that_never_arrived_is_nothing(self, portal: Portal) -> None:
        assert await portal.documents.find(uuid4()) is None

    async def test_with_the_same_upload_id_for_the_state_of_now_is_a_duplicate_and_found(
        self, portal: Portal, library: Library
    ) -> None:
        upload_id = uuid4()
        first = await portal.documents.submit(portal.make_command(await portal.read(), b"card", upload_id))
        again = portal.make_command(await portal.read(), b"card", upload_id)

        assert await portal.documents.submit(again) == first
        assert len(await library.select("SELECT Id FROM ContentVersion")) == 1
