"""The SIM page as a browser without scripts meets it."""

import re
from html import unescape

import httpx
import pytest

from tests.documents import make_card, make_heic, make_jpeg, make_pdf, make_png, write
from tests.fixtures.portal import ORIGIN
from tests.integration.bff.portal.visitor import HTML, show, visiting
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import update_account

pytestmark = pytest.mark.asyncio

PAGE = "/account/shop/sim"
JPEG = make_jpeg()
DARK = write(make_card((300, 200), shade=20), "JPEG")


async def read(client: httpx.AsyncClient) -> str:
    return show(await client.get(PAGE))


def find_form(html: str) -> str:
    found = re.search(r'action="(/account/shop/sim/document\?csrf=[^"]+)"', html)
    assert found
    return unescape(found[1])


async def send(
    client: httpx.AsyncClient,
    content: bytes = JPEG,
    name: str = "card.jpg",
    *,
    page: str = PAGE,
    **fields: str,
) -> httpx.Response:
    form = find_form((await client.get(page)).text)
    return await client.post(form, files={"file": (name, content, "image/jpeg")}, data=fields)


async def judge(scene: Scene, name: str, status: str, **values: str | None) -> None:
    """As a reviewer; and then as the feed, which does not run here, forgets what is cached."""
    account_id = scene.find_account(name)["Id"]
    update_account(scene.emulator, account_id, Id_Verification_Status__c=status, **values)
    await scene.portal.adapters.account_view.invalidate([account_id])


class TestStatus:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("hana", ["Upload your ID to order a SIM", "Make sure all corners", "Send for review"]),
            ("kenji", ["Submitted", "Sent on", "Replace file"]),
            ("sara", ["Verified", "Verified on"]),
            (
                "omar",
                [
                    "ID verification rejected",
                    "Message from the reviewer",
                    "What to do next",
                    "Make sure all corners of the card are visible.",
                    "Make sure the text is readable",
                    "Make sure the document is not expired.",
                    "After you resubmit, review will restart.",
                    "Resubmit",
                ],
            ),
        ],
    )
    async def test_shows_each_customer_their_status_and_what_to_do(
        self, scene: Scene, name: str, words: list[str]
    ) -> None:
        async with visiting(scene, name) as client:
            shown = await read(client)

        assert [word for word in words if word not in shown] == []

    @pytest.mark.parametrize(("name", "buttons"), [("hana", 1), ("kenji", 0), ("sara", 0), ("omar", 1)])
    async def test_has_one_primary_button_at_most_in_sight(
        self, scene: Scene, name: str, buttons: int
    ) -> None:
        async with visiting(scene, name) as client:
            page = (await client.get(PAGE)).text
        in_sight = re.sub(
            r"<details.*?</details>|<div class=\"chosen\".*?data-error-place", "", page, flags=re.DOTALL
        )

        assert len(re.findall(r'class="button(?: button--wide-on-phones)?"', in_sight)) == buttons

    async def test_verified_takes_no_document(self, scene: Scene) -> None:
        async with visiting(scene, "sara") as client:
            page = (await client.get(PAGE)).text

        assert 'type="file"' not in page
        assert "<form" not in page.split("<main")[1]

    async def test_shows_the_reviewers_words_as_text(self, scene: Scene) -> None:
        await judge(scene, "omar", "Rejected", Id_Verification_Rejection_Message__c="<b>Expired</b>\nin May")

        async with visiting(scene, "omar") as client:
            page = (await client.get(PAGE)).text

        assert "<blockquote>&lt;b&gt;Expired&lt;/b&gt;\nin May</blockquote>" in page

    async def test_an_unknown_status_leads_to_support(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unknown_picklist": True})

        async with visiting(scene, "sara") as client:
            answer = await client.get(PAGE)

        assert "The status cannot be confirmed right now" in show(answer)
        assert 'href="#support"' in answer.text
        assert 'type="file"' not in answer.text

    async def test_says_that_the_status_cannot_be_confirmed_and_keeps_looking(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        async with visiting(scene, "sara") as client:
            answer = await client.get(PAGE)

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "The status cannot be confirmed right now" in show(answer)
        assert 'data-stream="/api/status/stream"' in answer.text

    async def test_leads_to_the_internet_page_and_back(self, scene: Scene) -> None:
        async with visiting(scene, "sara") as client:
            sim, internet = await client.get(PAGE), await client.get("/account/shop/internet")

        assert '<a href="/account/shop/sim" aria-current="page">SIM</a>' in sim.text
        assert '<a href="/account/shop/internet">Internet</a>' in sim.text
        assert '<a href="/account/shop/sim">SIM</a>' in internet.text

    @pytest.mark.parametrize("name", ["hana", "kenji", "omar"])
    async def test_needs_no_inline_script_or_style(self, scene: Scene, name: str) -> None:
        async with visiting(scene, name) as client:
            answer = await client.get(PAGE)

        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text) == []


class TestLivePart:
    @pytest.mark.parametrize("name", ["hana", "kenji", "sara", "omar"])
    async def test_is_the_same_as_in_the_page_and_carries_the_version(self, scene: Scene, name: str) -> None:
        async with visiting(scene, name) as client:
            page, part = await client.get(PAGE), await client.get(f"{PAGE}/status")

        assert part.text.strip() in page.text
        assert f'data-version="{part.headers["X-Facts-Version"]}"' in page.text

    async def test_has_another_version_after_a_verdict(self, scene: Scene) -> None:
        async with visiting(scene, "kenji") as client:
            before = await client.get(f"{PAGE}/status")
            await judge(scene, "kenji", "Verified")
            after = await client.get(f"{PAGE}/status")

        assert before.headers["X-Facts-Version"] != after.headers["X-Facts-Version"]
        assert "Verified" in after.text

    async def test_keeps_its_version_when_the_other_fact_changes(self, scene: Scene) -> None:
        async with visiting(scene, "kenji") as client:
            before = await client.get(f"{PAGE}/status")
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            after = await client.get(f"{PAGE}/status")

        assert before.headers["X-Facts-Version"] == after.headers["X-Facts-Version"]


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
        assert f"\u2068{name}\u2069 · {max(1, round(len(content) / 1000))} kB" in shown
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
        assert '<details class="fold" open>' in answer.text

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


async def post_part(client: httpx.AsyncClient, form: str, content: bytes, name: str) -> httpx.Response:
    """By hand, because a browser sends an empty name for an empty field and httpx does not."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--b--\r\n"
    return await client.post(form, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})


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

        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")

    async def test_a_body_of_another_type_is_refused(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            form = find_form((await client.get(PAGE)).text)
            answers = [await client.post(form, json={}), await client.post(form, data={"file": "x"})]

        assert [answer.status_code for answer in answers] == [415, 415]

    async def test_another_context_is_refused(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await client.get(f"{PAGE}?context=elsewhere")

        assert answer.status_code == 400
