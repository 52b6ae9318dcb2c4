"""Sending a document from the SIM page without scripts, and every way in which that is refused."""

import re

import pytest

from tests.documents import make_card, make_heic, make_jpeg, make_pdf, make_png, write
from tests.fixtures.portal import ORIGIN
from tests.integration.bff.portal.sim import JPEG, PAGE, find_form, judge, post_part, read, send
from tests.integration.bff.portal.visitor import HTML, show, visiting
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

DARK = write(make_card((300, 200), shade=20), "JPEG")


class TestUpload:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("card.jpg", JPEG),
            ("card.PNG", make_png()),
            ("card.heic", make_heic()),
            ("card.pdf", make_pdf()),
        ],
    )
    async def test_sends_a_document_and_leads_back_to_the_page(
        self, scene: Scene, name: str, content: bytes
    ) -> None:
        async with visiting(scene, "hana") as client:
            answer = await send(client, content, name)
            shown = await read(client)

        assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
        assert "Submitted" in shown
        assert f"{name} · {max(1, round(len(content) / 1000))} kB" in shown
        assert scene.find_account("hana")["Id_Verification_Status__c"] == "Submitted"

    async def test_replaces_the_document_under_review(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            await send(client, name="first.jpg")
            await send(client, make_jpeg((1000, 700)), "second.jpg")
            shown = await read(client)

        assert "second.jpg" in shown
        assert "first.jpg" not in shown

    async def test_after_a_rejection_says_submitted_and_nothing_of_the_old_verdict(
        self, scene: Scene
    ) -> None:
        async with visiting(scene, "omar") as client:
            await send(client)
            shown = await read(client)

        assert "Submitted" in shown
        assert "Message from the reviewer" not in shown

    async def test_shows_what_waits_for_salesforce_as_submitted(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            scene.emulator.faults.change({"unavailable": True})
            await client.post(form, files={"file": ("card.jpg", JPEG)})
            answer = await client.get(PAGE)

        assert answer.status_code == 200
        assert "Submitted" in show(answer)
        assert "We cannot reach our records" not in show(answer)

    async def test_keeps_the_name_text_and_without_tricks(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            await send(client, name="\u202e<b>&gpj.exe.jpg")
            page = (await client.get(PAGE)).text

        assert "\u202e" not in page
        assert "_b_&amp;gpj.exe.jpg" in page

    async def test_remembers_that_it_came_from_the_checkout(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await send(client, page=f"{PAGE}?context=checkout")

        [row] = await scene.list_rows("SELECT context FROM verification_attempts")
        assert row["context"] == "checkout"
        assert answer.headers["Location"] == f"{PAGE}?context=checkout"


class TestPoorPicture:
    async def test_is_refused_once_with_what_a_reviewer_would_say(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await send(client, DARK)

        shown = show(answer)
        assert answer.status_code == 422
        assert "A reviewer would probably reject this picture." in shown
        assert "The picture is small." in shown
        assert "The picture is dark." in shown
        assert '<input type="checkbox" name="sendAnyway" value="true">' in answer.text
        assert await scene.list_rows("SELECT id FROM verification_attempts") == []

    async def test_is_taken_when_it_is_sent_anyway(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await send(client, DARK, sendAnyway="true")

        assert answer.status_code == 303
        assert len(await scene.list_rows("SELECT id FROM verification_attempts")) == 1

    async def test_is_never_refused_by_the_api(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as client:
            answer = await client.post("/api/verification/id", files={"file": ("card.jpg", DARK)})

        assert answer.status_code == 202


REFUSED = {
    "nothing": (b"", "card.jpg", 422, "The file is empty. Please choose it again."),
    "no file": (b"", "", 400, "Please choose a file first."),
    "another type": (b"hello" * 9, "card.txt", 422, "This type of file is not accepted."),
    "a renamed file": (JPEG, "card.png", 422, "The file is not what its name says."),
    "a cut picture": (JPEG[:3000], "card.jpg", 422, "The file is damaged or incomplete."),
    "too many bytes": (JPEG + bytes(10_500_000), "card.jpg", 413, "The file is larger than 10 MB."),
    "far too many bytes": (JPEG + bytes(12_000_000), "card.jpg", 413, "The file is larger than 10 MB."),
}


class TestRefusals:
    @pytest.mark.parametrize("case", REFUSED)
    async def test_stand_beside_the_field(self, scene: Scene, case: str) -> None:
        content, name, status, sentence = REFUSED[case]
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            answer = await post_part(client, form, content, name)

        assert answer.status_code == status
        assert sentence in show(answer)
        assert 'aria-describedby="field-file-hint field-file-error" aria-invalid="true"' in answer.text
        assert 'id="field-file-error" tabindex="-1" data-errors' in answer.text
        assert await scene.list_rows("SELECT id FROM verification_attempts") == []

    async def test_after_too_many_say_when_it_goes_on(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            for number in range(5):
                assert (await send(client, make_jpeg((900 + number, 700)))).status_code == 303
            answer = await send(client)

        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 3000
        assert re.search(
            r"Please wait before sending another. You can send another at \d\d:\d\d\.", show(answer)
        )
        assert '<details class="fold" id="upload-fold" open>' in answer.text

    async def test_of_what_was_verified_meanwhile_stand_above_the_status(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            await judge(scene, "hana", "Verified")
            answer = await post_part(client, form, JPEG, "card.jpg")

        assert answer.status_code == 409
        assert "Your ID is verified already" in show(answer)
        assert 'type="file"' not in answer.text

    async def test_of_a_status_that_nobody_knows_lead_to_support(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            await scene.forget("hana")
            scene.emulator.faults.change({"unknown_picklist": True})
            answer = await post_part(client, form, JPEG, "card.jpg")

        assert answer.status_code == 409
        assert "Your status cannot be confirmed right now." in show(answer)


class TestHostileForm:
    async def test_without_the_token_nothing_is_written(self, scene: Scene) -> None:
        files = {"file": ("card.jpg", JPEG)}
        async with visiting(scene, "hana") as client:
            answers = [
                await client.post(f"{PAGE}/document", files=files),
                await client.post(f"{PAGE}/document?csrf=forged", files=files),
            ]

        assert [answer.status_code for answer in answers] == [403, 403]
        assert await scene.list_rows("SELECT id FROM verification_attempts") == []

    async def test_from_another_site_nothing_is_written(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            client.headers["Origin"] = "https://elsewhere.example"
            answer = await client.post(form, files={"file": ("card.jpg", JPEG)})

        assert answer.status_code == 403
        assert await scene.list_rows("SELECT id FROM verification_attempts") == []

    async def test_whose_session_is_gone_leads_to_sign_in(self, scene: Scene) -> None:
        async with scene.portal.connect({**HTML, "Origin": ORIGIN}) as client:
            answer = await client.post(f"{PAGE}/document", files={"file": ("card.jpg", JPEG)})

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/sign-in?next_path=%2Faccount%2Fshop%2Fsim"

    async def test_a_body_of_another_type_is_refused(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            answers = [await client.post(form, json={}), await client.post(form, data={"file": "x"})]

        assert [answer.status_code for answer in answers] == [415, 415]

    async def test_another_context_is_refused(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await client.get(f"{PAGE}?context=elsewhere")

        assert answer.status_code == 400
