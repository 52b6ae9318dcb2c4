"""ID verification as people live it: a customer sends a document, a reviewer looks at it, every process running."""

import base64
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.documents import make_card, make_jpeg, make_pdf, write
from tests.journeys.papers import JPEG, choose, field, make_file, reject, send_button, verify
from tests.journeys.town import Town, headline, keep_picture, press_tab_until

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

SIM = "/account/shop/sim"
SKU = "SIM-3G"
EVALUATE = """async ([sku, address]) => {
  const token = new URL(document.querySelector('form[action^="/sign-out"]').action).searchParams.get("csrf");
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  const body = JSON.stringify({ items: [{ sku, quantity: 1 }] });
  return (await fetch(address, { method: "POST", headers, body })).json();
}"""
DROP = """([zone, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const target = document.querySelector(zone);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""
WATCH_PROGRESS = """() => {
  window.shares = [];
  const bar = document.querySelector("progress");
  const note = () => window.shares.push(bar.value);
  new MutationObserver(note).observe(bar, { attributes: true });
}"""


def make_noise(size: tuple[int, int] = (1800, 1400)) -> bytes:
    """A picture that compresses badly, so that sending it takes a while."""
    return write(Image.effect_noise(size, 90).convert("RGB"), "JPEG", quality=92)


POOR = write(make_card((300, 200), shade=20), "JPEG")


async def evaluate(page: Page) -> tuple[bool, list[str], str]:
    verdict: dict[str, Any] = await page.evaluate(EVALUATE, [SKU, "/api/checkout/evaluate"])
    codes = [problem["code"] for problem in verdict["problems"]]
    return verdict["canSubmit"], codes, verdict["nextAction"]["code"]


class TestEveryStatus:
    """First, while everybody's status is as the demo begins."""

    @pytest.mark.parametrize(
        ("width", "scheme"),
        [(360, "dark"), (1280, "light"), pytest.param(360, "light", marks=pytest.mark.soak)],
    )
    async def test_fits_the_screen(self, town: Town, width: int, scheme: str) -> None:
        look: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
        for name in ("Hana Sato", "Kenji Mori", "Sara Ito", "Omar Hashimi"):
            async with town.visit(name, SIM, **look) as page:
                await keep_picture(page, f"sim-{name.split()[0].lower()}-{width}-{scheme}")
        async with town.visit("Hana Sato", SIM, **look) as page:
            for picture, content, state in (("ready", JPEG, "ready"), ("doubtful", POOR, "doubtful")):
                await choose(page, make_file("a long name of a card, front and back.jpg", content), state)
                await keep_picture(page, f"sim-upload-{picture}-{width}-{scheme}")


class TestHana:
    async def test_is_rejected_then_verified_without_reloading(self, town: Town) -> None:
        async with town.visit("Hana Sato", SIM) as page:
            await page.evaluate("() => { window.isSamePage = true }")
            assert await evaluate(page) == (False, ["id_not_submitted"], "upload_id")

            await choose(page, make_file("front.jpg", JPEG))
            await expect(page.get_by_text("Looks good. You can send it now.")).to_be_visible()
            await page.get_by_role("button", name="Send for review").click()
            await expect(headline(page)).to_have_text("Submitted")
            await expect(headline(page)).to_be_focused()
            await expect(page.locator(".facts")).to_contain_text("front.jpg")
            await expect(page.get_by_text("Replace file").first).to_be_visible()
            assert await evaluate(page) == (True, [], "none")

            await reject(town, "Hana Sato", "The number is covered by your thumb.")
            await expect(headline(page)).to_have_text("ID verification rejected")
            await expect(page.get_by_text("The number is covered by your thumb.")).to_be_visible()
            await expect(page.get_by_text("Make sure all corners of the card are visible.")).to_be_visible()
            await expect(page.get_by_role("button", name="Resubmit")).to_be_visible()
            await expect(page.locator("[data-toasts]")).to_contain_text("ID verification rejected")
            assert await evaluate(page) == (False, ["id_rejected"], "resubmit_id")

            await choose(page, make_file("scan.pdf", make_pdf(), "application/pdf"))
            await page.get_by_role("button", name="Resubmit").click()
            await expect(headline(page)).to_have_text("Submitted")
            await expect(page.locator(".facts")).to_contain_text("scan.pdf")
            await expect(page.get_by_text("covered by your thumb")).to_have_count(0)
            assert await evaluate(page) == (True, [], "none")

            await verify(town, "Hana Sato")
            await expect(headline(page)).to_have_text("Verified")
            await expect(field(page)).to_have_count(0)
            assert await evaluate(page) == (True, [], "none")
            assert await page.evaluate("() => window.isSamePage") is True


class TestOmar:
    async def test_keeps_the_file_he_chose_when_the_status_changes_meanwhile(self, town: Town) -> None:
        async with town.visit("Omar Hashimi", SIM) as page:
            await choose(page, make_file("omar.jpg", JPEG))
            await town.change_account(
                "Omar Hashimi", Id_Verification_Rejection_Message__c="The card has expired."
            )
            await expect(page.get_by_text("The card has expired.")).to_be_visible()

            await expect(page.locator("[data-name]")).to_have_text("omar.jpg")
            await page.get_by_role("button", name="Resubmit").click()
            await expect(headline(page)).to_have_text("Submitted")

    async def test_replaces_the_file_with_the_keyboard_alone(self, town: Town) -> None:
        async with town.visit("Omar Hashimi", SIM) as page:
            # Early, since the browser has to be told to hand its dialogs over.
            better = make_file("better.jpg", make_jpeg((1100, 800)))
            page.on("filechooser", lambda chooser: chooser.set_files(better))
            await press_tab_until(page, "main summary")
            await page.keyboard.press("Enter")
            await press_tab_until(page, "#field-file")
            await page.keyboard.press("Enter")
            await expect(page.locator('[data-state="ready"]')).to_be_attached()
            await press_tab_until(page, "form[enctype] [data-actions] button")
            await page.keyboard.press("Enter")

            await expect(page.locator(".facts")).to_contain_text("better.jpg")


class TestKenji:
    async def test_sees_how_far_his_file_is_and_stops_it(self, town: Town) -> None:
        async with town.visit("Kenji Mori", SIM) as page:
            await page.get_by_text("Replace file").first.click()
            await choose(page, make_file("photo.jpg", make_noise()))
            network = await page.context.new_cdp_session(page)
            slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
            await network.send("Network.emulateNetworkConditions", slow)
            await page.evaluate(WATCH_PROGRESS)
            await send_button(page).click()
            await page.wait_for_function("() => window.shares.filter((share) => share > 0.05).length >= 3")
            await page.get_by_role("button", name="Cancel").click()

            shares = await page.evaluate("() => window.shares")
            assert shares == sorted(shares)
            assert shares[-1] < 1
            await expect(page.get_by_text("Stopped. Nothing was sent.")).to_be_visible()
            await page.reload()
            await expect(page.locator("main")).not_to_contain_text("photo.jpg")

    async def test_is_told_of_a_poor_picture_and_may_send_it_anyway(self, town: Town) -> None:
        async with town.visit("Kenji Mori", SIM) as page:
            await page.get_by_text("Replace file").first.click()
            await choose(page, make_file("dark.jpg", POOR), "doubtful")
            await expect(page.get_by_text("The picture is dark.")).to_be_visible()
            await expect(send_button(page)).to_be_hidden()
            await page.get_by_role("button", name="Send it anyway").click()

            await expect(page.locator(".facts")).to_contain_text("dark.jpg")


class TestNoor:
    async def test_is_told_at_once_what_cannot_be_taken(self, town: Town) -> None:
        async with town.visit("Noor Saleh", SIM) as page:
            await send_button(page).click()
            await expect(page.get_by_text("Please choose a file first.")).to_be_visible()
            await choose(page, make_file("card.txt", b"hello", "text/plain"), "refused")
            await expect(page.get_by_text("This type of file is not accepted.")).to_be_visible()
            await choose(page, make_file("card.jpg", bytes(10_600_000)), "refused")
            await expect(page.get_by_text("The file is larger than 10 MB.")).to_be_visible()
            await choose(page, make_file("card.jpg", JPEG[:3000]), "refused")
            await expect(page.get_by_text("The file is damaged or incomplete.")).to_be_visible()
            await expect(page.get_by_role("button", name="Choose another")).to_be_visible()
            await expect(page.locator("[data-error-place]")).not_to_contain_text("larger")

    async def test_drops_a_file_onto_the_page(self, town: Town) -> None:
        async with town.visit("Noor Saleh", SIM) as page:
            await expect(page.locator(".is-enhanced")).to_be_attached()
            await page.evaluate(DROP, ["[data-drop]", "dropped.jpg", base64.b64encode(JPEG).decode()])

            await expect(page.locator("[data-name]")).to_have_text("dropped.jpg")
            await expect(page.locator("[data-preview]")).to_be_visible()
            await expect(page.locator('[data-state="ready"]')).to_be_attached()

    async def test_sends_her_card_without_any_script(self, town: Town) -> None:
        async with town.visit("Noor Saleh", SIM, java_script_enabled=False) as page:
            await field(page).set_input_files(make_file("poor.jpg", POOR))
            await send_button(page).click()
            await expect(page.get_by_role("alert")).to_contain_text("The picture is small.")
            await field(page).set_input_files(make_file("poor.jpg", POOR))
            await page.get_by_label("Send it anyway").check()
            await send_button(page).click()

            await expect(headline(page)).to_have_text("Submitted")
            await expect(page.locator(".facts")).to_contain_text("poor.jpg")
            assert page.url.endswith(SIM)
