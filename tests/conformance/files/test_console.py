"""The reviewer's pages of identity documents over HTTP: the queue, the picture, the verdict and its refusals."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.console.reviews import UI_ORIGIN
from sf_sync.emulator.demo_documents import draw_card
from sf_sync.emulator.id_verification import (
    DOCUMENT,
    NOTE,
    ORDER_MESSAGE,
    ORDER_STATUS,
    ORDER_VERSION,
    REJECTION,
    REVIEWED_VERSION,
    STATUS,
    VERIFIED_AT,
)
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.files.review import NEWER, Review
from tests.documents import make_pdf, make_png

pytestmark = pytest.mark.asyncio

PICTURE = draw_card("Hana Sato")
MESSAGE = "The photo is too dark."


@pytest_asyncio.fixture
async def browser(emulator: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=emulator.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8100") as client:
        yield client


class Desk:
    """A reviewer in front of the console."""

    def __init__(self, browser: httpx.AsyncClient, review: Review) -> None:
        self.browser = browser
        self.path = f"/console/documents/{review.account_id}"

    async def open(self) -> str:
        return (await self.browser.get(self.path)).text

    async def decide(self, verdict: str, version_id: str, **words: str) -> httpx.Response:
        form = {"verdict": verdict, "version": version_id, **words}
        return await self.browser.post(f"{self.path}/decision", data=form)


@pytest.fixture
def desk(browser: httpx.AsyncClient, review: Review) -> Desk:
    return Desk(browser, review)


class TestQueue:
    async def test_says_so_when_nobody_waits(self, browser: httpx.AsyncClient) -> None:
        page = (await browser.get("/console/documents")).text

        assert "The queue is empty" in page
        assert "No decision yet" in page

    async def test_shows_who_waits_with_which_attempt(
        self, browser: httpx.AsyncClient, review: Review
    ) -> None:
        await review.submit(PICTURE)
        await review.submit(PICTURE)

        page = (await browser.get("/console/documents")).text

        assert f'<a class="row-link" href="/console/documents/{review.account_id}">Hana Sato</a>' in page
        assert "Attempt 2" in page
        assert "1 waiting, oldest first." in page

    async def test_shows_the_order_that_waits_for_it(
        self, browser: httpx.AsyncClient, review: Review
    ) -> None:
        order_id = await open_order(review)

        page = (await browser.get("/console/documents")).text

        assert (await review.library.read("Order", order_id))["OrderNumber"] in page

    async def test_leaves_out_accounts_without_a_document_or_a_submission(
        self, browser: httpx.AsyncClient, review: Review
    ) -> None:
        await review.change(**{STATUS: "Submitted"})
        other = await review.library.create("Account", Name="Omar Hashimi")
        await review.library.upload(FirstPublishLocationId=other)

        assert "The queue is empty" in (await browser.get("/console/documents")).text

    async def test_takes_the_latest_version_of_an_account_that_names_none(
        self, browser: httpx.AsyncClient, review: Review
    ) -> None:
        document_id = await review.library.get_document_id(await review.library.upload())
        await review.change(**{STATUS: "Submitted", DOCUMENT: document_id[:15]})

        assert "Hana Sato" in (await browser.get("/console/documents")).text

    @pytest.mark.parametrize(
        "path", ["/console", "/console/documents", "/console/faults", "/console/nothing"]
    )
    async def test_is_counted_in_the_navigation_of_every_page(
        self, browser: httpx.AsyncClient, review: Review, path: str
    ) -> None:
        assert 'class="count"' not in (await browser.get(path)).text
        await review.submit(PICTURE)

        page = (await browser.get(path)).text

        assert re.search(r'href="/console/documents"[^>]*>ID documents <span class="count">1<', page)
        assert re.search(r'href="/console"[^>]*>Eligibility ', page)

    async def test_shows_the_demo_customers(self) -> None:
        emulator = create_emulator(EmulatorSettings(demo=True))
        transport = httpx.ASGITransport(app=emulator.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8100") as browser:
            page = (await browser.get("/console/documents")).text

        waiting, _, decided = page.partition("Recently decided")
        assert "Kenji Mori" in waiting
        assert "Sara Ito" not in waiting
        assert "Sara Ito" in decided
        assert "The photo is too blurry to read the card number." in decided


class TestDocument:
    async def test_is_shown_from_the_consoles_own_address(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(PICTURE)

        page = await desk.open()
        path = f"/console/documents/versions/{version_id}"
        answer = await desk.browser.get(path)

        assert f'<img src="{path}" alt="Document of Hana Sato, attempt 1">' in page
        assert answer.content == PICTURE
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("content", "media_type", "disposition"),
        [
            (make_png((60, 40)), "image/png", "inline"),
            (make_pdf(), "application/pdf", "inline"),
            (b"<script>alert(1)</script>", "application/octet-stream", 'attachment; filename="document"'),
        ],
    )
    async def test_has_the_type_of_its_bytes_and_not_of_its_name(
        self, desk: Desk, review: Review, content: bytes, media_type: str, disposition: str
    ) -> None:
        version_id = await review.submit(content)

        answer = await desk.browser.get(f"/console/documents/versions/{version_id}")

        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-disposition"] == disposition
        assert (await desk.browser.get(desk.path)).status_code == 200

    async def test_of_pdf_is_an_object_with_a_link(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(make_pdf())

        page = await desk.open()

        path = f"/console/documents/versions/{version_id}"
        assert f'<object data="{path}#navpanes=0" type="application/pdf"' in page
        assert f'<a href="{path}" target="_blank"' in page

    async def test_stands_with_the_facts_of_its_file_and_the_earlier_attempts(
        self, desk: Desk, review: Review
    ) -> None:
        first = await review.submit(PICTURE)
        second = await review.submit(PICTURE + b"\0")

        page = await desk.open()

        version = await review.library.read("ContentVersion", second)
        assert version["Checksum"] in page
        assert "card.jpg" in page
        assert f'href="/console/documents/versions/{first}"' in page

    async def test_has_the_names_that_tools_look_for(self, desk: Desk, review: Review) -> None:
        await review.submit(PICTURE)

        page = await desk.open()

        assert re.search(r"<button[^>]*>Verify</button>", page)
        assert re.search(r"<button[^>]*>Reject</button>", page)
        assert '<label for="message">Message to the customer</label>' in page
        assert '<label for="note">Note</label>' in page
        assert "<script" not in page

    async def test_is_not_found_for_others(self, desk: Desk) -> None:
        for path in (desk.path, "/console/documents/001nobody", "/console/documents/versions/068nothing"):
            assert (await desk.browser.get(path)).status_code == 404

    async def test_escapes_what_others_wrote(self, desk: Desk, review: Review) -> None:
        await review.submit(PICTURE)
        await review.change(Name="<b>Hana</b>")

        for path in (desk.path, "/console/documents"):
            page = (await desk.browser.get(path)).text
            assert "<b>Hana</b>" not in page
            assert "&lt;b&gt;Hana&lt;/b&gt;" in page


class TestVerdict:
    async def test_verifies_with_a_note_and_confirms_it(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(PICTURE)

        answer = await desk.decide("verify", version_id, note="Matches.\r\nThanks.")

        account = await review.read()
        assert answer.headers["location"] == f"/console/documents?decided={review.account_id}"
        assert (account[STATUS], account[NOTE]) == ("Verified", "Matches.\nThanks.")
        assert account[REVIEWED_VERSION] == version_id
        assert account[VERIFIED_AT] is not None
        confirmed = (await desk.browser.get(answer.headers["location"])).text
        assert "Verified: " in confirmed
        assert "The queue is empty" in confirmed

    async def test_needs_no_note(self, desk: Desk, review: Review) -> None:
        await desk.decide("verify", await review.submit(PICTURE))

        assert (await review.read())[STATUS] == "Verified"

    async def test_rejects_with_the_message(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(PICTURE)

        await desk.decide("reject", version_id, message=MESSAGE)

        account = await review.read()
        assert (account[STATUS], account[REJECTION]) == ("Rejected", MESSAGE)
        page = await desk.open()
        assert MESSAGE in page
        assert "<button" not in page

    async def test_needs_a_message_to_reject(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(PICTURE)

        answer = await desk.decide("reject", version_id, message="  ")

        assert answer.status_code == 422
        assert "Tell the customer what is wrong before you reject." in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert (await review.read())[STATUS] == "Submitted"

    async def test_is_made_by_the_reviewer_in_the_pages_of_salesforce(
        self, desk: Desk, review: Review, emulator: Emulator
    ) -> None:
        await desk.decide("verify", await review.submit(PICTURE))

        commit = emulator.org.commits[-1]
        assert commit.origin == UI_ORIGIN
        assert emulator.org.get("User", commit.user_id)["Username"] == "reviewer@portal.example"

    @pytest.mark.parametrize("verdict", ["verify", "reject"])
    async def test_about_a_replaced_version_fails_with_a_link_to_the_newest(
        self, desk: Desk, review: Review, verdict: str
    ) -> None:
        first = await review.submit(PICTURE)
        second = await review.submit(PICTURE + b"\0")

        answer = await desk.decide(verdict, first, message=MESSAGE)

        assert answer.status_code == 409
        assert NEWER in answer.text
        assert f'<a href="{desk.path}">Open the newest version</a>' in answer.text
        assert "<button" not in answer.text
        assert (await review.read())[STATUS] == "Submitted"
        assert f'value="{second}"' in await desk.open()

    async def test_is_given_once(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(PICTURE)
        await desk.decide("verify", version_id)

        answer = await desk.decide("reject", version_id, message=MESSAGE)

        assert answer.status_code == 409
        assert "not under review any more" in answer.text
        assert (await review.read())[STATUS] == "Verified"

    async def test_keeps_the_words_when_salesforce_refuses(self, desk: Desk, review: Review) -> None:
        version_id = await review.submit(PICTURE)

        answer = await desk.decide("reject", version_id, message="x" * 4_001)

        assert answer.status_code == 422
        assert "x" * 4_001 in answer.text
        assert (await review.read())[STATUS] == "Submitted"

    @pytest.mark.parametrize("form", [{"verdict": "maybe", "version": "068"}, {"verdict": "verify"}, {}])
    async def test_needs_the_form_of_the_page(self, desk: Desk, review: Review, form: dict[str, str]) -> None:
        await review.submit(PICTURE)
        headers = {"content-type": "application/x-www-form-urlencoded"}

        answer = await desk.browser.post(f"{desk.path}/decision", data=form, headers=headers)

        assert answer.status_code == 400

    async def test_is_not_taken_from_another_site(self, desk: Desk, review: Review) -> None:
        form = {"verdict": "verify", "version": await review.submit(PICTURE)}

        answer = await desk.browser.post(
            f"{desk.path}/decision", data=form, headers={"origin": "https://evil.example"}
        )

        assert answer.status_code == 403
        assert (await review.read())[STATUS] == "Submitted"


class TestOrder:
    async def test_gets_the_verdict_and_passes_it_on(self, desk: Desk, review: Review) -> None:
        order_id = await open_order(review)
        version_id = (await review.read())["Id_Verification_Submitted_Version_Id__c"]

        await desk.decide("reject", version_id, message=MESSAGE)

        order, account = await review.library.read("Order", order_id), await review.read()
        assert (order[ORDER_STATUS], order[ORDER_MESSAGE]) == ("Rejected", MESSAGE)
        assert order[ORDER_VERSION] == account[REVIEWED_VERSION] == version_id
        assert (account[STATUS], account[REJECTION]) == ("Rejected", MESSAGE)

    async def test_of_several_all_that_wait_get_it(self, desk: Desk, review: Review) -> None:
        first = await open_order(review)
        second = await open_order(review)
        version_id = (await review.read())["Id_Verification_Submitted_Version_Id__c"]

        await desk.decide("verify", version_id)

        for order_id in (first, second):
            assert (await review.library.read("Order", order_id))[ORDER_STATUS] == "Approved"
        assert (await review.read())[STATUS] == "Verified"


async def open_order(review: Review) -> str:
    """An order that waits for the review of the document."""
    if (await review.read())[DOCUMENT] is None:
        await review.submit(PICTURE)
    account = await review.read()
    order_id = await review.library.create(
        "Order",
        AccountId=review.account_id,
        EffectiveDate="2026-11-21",
        Status="Draft",
        **{ORDER_STATUS: "Pending"},
    )
    await review.library.create(
        "ContentDocumentLink",
        ContentDocumentId=account[DOCUMENT],
        LinkedEntityId=order_id,
        ShareType="V",
    )
    return order_id
