"""A document goes from the browser to Salesforce Files; the customer is told one status at every step."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bff.identity.development import sign_token
from bff.identity.principals import Principals
from sf_sync.emulator.app import Emulator
from tests.documents import make_jpeg, make_pdf
from tests.fixtures.portal import HANA, Portal
from tests.integration.bff.portal.sim import judge
from tests.integration.bff.scene import Scene, scene

__all__ = ["scene"]

JPEG = make_jpeg()
SARA, OMAR, NOOR = (f"{name}@customer.example" for name in ("sara", "omar", "noor"))


async def upload(
    client: httpx.AsyncClient, content: bytes = JPEG, name: str = "card.jpg", **options: Any
) -> httpx.Response:
    return await client.post("/api/verification/id", files={"file": (name, content, "image/jpeg")}, **options)


async def send_unread(client: httpx.AsyncClient) -> httpx.Response:
    """The answer to a document whose first byte nobody may ask for."""

    async def untouched() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return await client.post("/api/verification/id", content=untouched(), headers=headers)


def list_calls(emulator: Emulator) -> list[str]:
    return [f"{call.method} {call.path}" for call in emulator.journal.calls if call.counted]


@pytest.mark.asyncio
class TestUpload:
    async def test_is_submitted_and_stored_in_one_call(self, portal: Portal, emulator: Emulator) -> None:
        async with portal.signed_in(HANA) as hana:
            await hana.get("/api/verification/id")
            emulator.journal.calls.clear()
            answer = await upload(hana)

            assert answer.status_code == 202, answer.text
            assert answer.json()["status"] == "submitted"
            assert answer.json()["file"]["name"] == "card.jpg"
            assert answer.json()["file"]["size"] == len(JPEG)
            assert answer.json()["nextAction"]["code"] == "wait_for_review"
            assert len(list_calls(emulator)) == 1, list_calls(emulator)
            shown = (await hana.get("/api/verification/id")).json()
            assert (shown["status"], shown["file"]["name"], shown["canUpload"]) == (
                "submitted",
                "card.jpg",
                True,
            )

    async def test_a_replacement_is_the_next_version_of_the_same_document(self, portal: Portal) -> None:
        async with portal.signed_in(HANA) as hana:
            await upload(hana)
            await upload(hana, make_pdf(), "card.pdf")
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        assert [attempt["number"] for attempt in attempts] == [2, 1]
        assert [attempt["state"] for attempt in attempts] == ["delivered", "delivered"]
        assert len({attempt["versionId"] for attempt in attempts}) == 2

    async def test_a_replacement_is_one_call_too(self, portal: Portal, emulator: Emulator) -> None:
        async with portal.signed_in(HANA) as hana:
            await upload(hana)
            await hana.get("/api/verification/id")
            emulator.journal.calls.clear()
            answer = await upload(hana, make_pdf(), "card.pdf")

        assert answer.status_code == 202
        assert len(list_calls(emulator)) == 1, list_calls(emulator)

    async def test_whose_answer_was_lost_is_asked_for_in_one_more_call(self, scene: Scene) -> None:
        async with scene.portal.signed_in(HANA) as hana:
            await hana.get("/api/verification/id")
            scene.emulator.journal.calls.clear()
            scene.emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})
            answer = await upload(hana)
            await scene.deliver()
            calls = scene.list_calls()
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        assert (answer.status_code, answer.json()["status"]) == (202, "submitted")
        assert [call.split()[0] for call in calls] == ["POST", "GET"]
        assert [attempt["state"] for attempt in attempts] == ["delivered"]

    async def test_the_same_bytes_again_are_the_same_attempt(self, portal: Portal) -> None:
        async with portal.signed_in(HANA) as hana:
            answers = await asyncio.gather(*(upload(hana) for _ in range(4)))
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        assert {answer.status_code for answer in answers} == {202}
        assert len(attempts) == 1

    async def test_is_refused_when_verified(self, portal: Portal) -> None:
        async with portal.signed_in(SARA) as sara:
            answer = await upload(sara)
            shown = (await sara.get("/api/verification/id")).json()

            unread = await send_unread(sara)

        assert (answer.status_code, answer.json()["code"]) == (409, "already_verified")
        assert (unread.status_code, unread.json()["code"]) == (409, "already_verified")
        assert (shown["status"], shown["canUpload"]) == ("verified", False)

    async def test_after_a_rejection_clears_the_reviewers_words(self, portal: Portal) -> None:
        async with portal.signed_in(OMAR) as omar:
            before = (await omar.get("/api/verification/id")).json()
            answer = await upload(omar)
            after = (await omar.get("/api/verification/id")).json()

        assert (before["status"], before["nextAction"]["code"]) == ("rejected", "resubmit_id")
        assert before["message"] == "ID verification rejected"
        assert before["rejectionMessage"]
        assert before["guidance"]
        assert answer.status_code == 202
        assert (after["status"], after["rejectionMessage"], after["note"]) == ("submitted", None, None)

    @pytest.mark.parametrize("is_answer_lost", [False, True])
    async def test_leaves_the_verdict_with_the_document_that_it_was_about(
        self, scene: Scene, is_answer_lost: bool
    ) -> None:
        async with scene.portal.signed_in(HANA) as hana:
            await upload(hana)
            await judge(scene, "hana", "Rejected", Id_Verification_Rejection_Message__c="Too dark.")
            decided = (await hana.get("/api/verification/id/attempts")).json()["items"]
            if is_answer_lost:
                scene.emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})
            await upload(hana, make_pdf(), "card.pdf")
            await scene.deliver()
            kept = (await hana.get("/api/verification/id/attempts")).json()["items"]

        rejected = ("rejected", "Too dark.")
        assert [(each["verdict"], each["message"]) for each in decided] == [rejected]
        assert [(each["verdict"], each["message"]) for each in kept] == [(None, None), rejected]

    async def test_is_kept_while_salesforce_is_down(self, portal: Portal, emulator: Emulator) -> None:
        async with portal.signed_in(HANA) as hana:
            await hana.get("/api/verification/id")
            emulator.faults.unavailable = True
            answer = await upload(hana)
            shown = (await hana.get("/api/verification/id")).json()

        assert (answer.status_code, answer.json()["status"]) == (202, "submitted")
        assert (shown["status"], shown["freshness"]["source"]) == ("submitted", "portal")

    async def test_is_taken_and_delivered_without_redis(self, scene: Scene) -> None:
        portal = scene.portal
        caller = await Principals(portal.adapters.database).find_by_email(HANA)
        assert caller is not None
        token = sign_token(portal.settings, portal.data_dir, caller)
        await portal.adapters.redis.close()
        async with portal.connect({"Authorization": f"Bearer {token}"}) as hana:
            answer = await upload(hana)
            shown = (await hana.get("/api/verification/id")).json()

        assert (answer.status_code, answer.json()["status"]) == (202, "submitted"), answer.text
        assert (shown["status"], shown["file"]["name"]) == ("submitted", "card.jpg")
        assert scene.find_account("hana")["Id_Verification_Status__c"] == "Submitted"

    async def test_the_sixth_of_an_hour_is_refused_before_its_body(self, portal: Portal) -> None:
        async with portal.signed_in(HANA) as hana:
            for number in range(5):
                assert (await upload(hana, make_jpeg((900 + number, 700)))).status_code == 202
            answer = await upload(hana, make_jpeg((990, 700)))

            unread = await send_unread(hana)

        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_uploads")
        assert int(answer.headers["retry-after"]) > 3000
        assert (unread.status_code, unread.json()["code"]) == (429, "too_many_uploads")

    async def test_the_sixty_first_body_of_an_hour_is_refused_unread_whatever_was_in_the_others(
        self, portal: Portal
    ) -> None:
        async with portal.signed_in(HANA) as hana:
            for _ in range(60):
                assert (await upload(hana, b"no picture")).status_code == 422
            answer = await send_unread(hana)

        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")

    async def test_of_several_at_once_no_more_are_taken_than_of_as_many_in_turn(self, portal: Portal) -> None:
        async with portal.signed_in(HANA) as hana:
            answers = await asyncio.gather(*(upload(hana, make_jpeg((80 + n, 60))) for n in range(8)))

        assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * 3


REFUSED: dict[str, tuple[str, bytes, int, str]] = {
    "nothing": ("card.jpg", b"", 422, "document_empty"),
    "a script": ("card.jpg", b"<script>alert(1)</script>" * 9, 422, "document_type_not_accepted"),
    "another type": ("card.png", JPEG, 422, "document_type_mismatch"),
    "a cut picture": ("card.jpg", JPEG[:3000], 422, "document_damaged"),
    "too many bytes": ("card.jpg", JPEG + bytes(10 * 1024 * 1024), 413, "body_too_large"),
}


@pytest.mark.asyncio
class TestRefusals:
    @pytest.mark.parametrize("case", REFUSED)
    async def test_of_documents_write_nothing(self, portal: Portal, case: str) -> None:
        name, content, status, code = REFUSED[case]
        async with portal.signed_in(HANA) as hana:
            answer = await upload(hana, content, name)
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert attempts == []

    async def test_without_a_session_reads_nothing(self, portal: Portal) -> None:
        async with portal.connect() as anybody:
            answer = await upload(anybody)

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_of_json(self, portal: Portal) -> None:
        async with portal.signed_in(HANA) as hana:
            answer = await hana.post("/api/verification/id", json={"file": "x"})

        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.asyncio
class TestCheck:
    async def test_tells_what_a_reviewer_would_and_keeps_nothing(self, portal: Portal) -> None:
        small = make_jpeg((300, 200))
        async with portal.signed_in(HANA) as hana:
            answer = await hana.post("/api/verification/id/check", files={"file": ("card.jpg", small)})
            attempts = (await hana.get("/api/verification/id/attempts")).json()["items"]

        assert [finding["code"] for finding in answer.json()["findings"]] == ["too_small"]
        assert attempts == []
