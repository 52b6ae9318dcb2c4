"""Japanese and Arabic as people live them: chosen on a page, kept, and alive when the status changes."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bff.texts import get_texts
from tests.journeys.test_accessibility import PLACE_ORDER
from tests.journeys.town import Town, headline, keep_picture, press_tab_until

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

PAGES = ("/account", "/account/shop/internet", "/account/shop/sim", "/account/orders", "/checkout")
# Texts with Latin words that nothing keeps apart from the Arabic around them. What our own sentences say is left out.
LIST_LOOSE = r"""() => {
  const loose = [], ours = /SIM|JPEG|PNG|HEIC|PDF/g, apart = /[\u2066\u2068][^\u2069]*\u2069/g;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const left = walker.currentNode.data.replace(apart, "").replace(ours, "");
    const isShown = !element.closest("script, noscript, template, [aria-hidden], [lang]:not(html)");
    const isKept = element.closest("bdi, [dir]:not(html)") || getComputedStyle(element).unicodeBidi === "plaintext";
    if (isShown && !isKept && /[A-Za-z]/.test(left)) loose.push(`${element.outerHTML}`);
  }
  return loose;
}"""
WHERE_IT_BEGINS = "(element) => Math.round(element.getBoundingClientRect().left)"


async def choose_language(page: Page, name: str) -> None:
    await page.locator("[data-menu] summary").click()
    await page.get_by_role("button", name=name, exact=True).click()


class TestSwitch:
    async def test_leads_back_to_the_same_page_and_is_kept(self, town: Town) -> None:
        async with town.visit("Hana Sato", "/account/shop/sim") as page:
            await choose_language(page, "日本語")
            await expect(page).to_have_url(re.compile("/account/shop/sim$"))
            await expect(headline(page)).to_have_text(get_texts("ja").say("Upload your ID to order a SIM"))

            await page.get_by_role("link", name=get_texts("ja").say("Orders"), exact=True).click()
            await expect(page.locator("html")).to_have_attribute("lang", "ja")

    async def test_works_with_the_keyboard_and_closes_by_itself(self, town: Town) -> None:
        async with town.visit("Hana Sato", "/account") as page:
            menu = page.locator("[data-menu]")
            await menu.locator("summary").focus()
            await page.keyboard.press("Enter")
            await expect(menu.get_by_role("button", name="العربية")).to_be_visible()
            await page.keyboard.press("Escape")
            await expect(menu.get_by_role("button", name="العربية")).to_be_hidden()
            await expect(menu.locator("summary")).to_be_focused()

            await page.keyboard.press("Enter")
            await press_tab_until(page, 'button[value="ar"]')
            await page.keyboard.press("Enter")
            await expect(page.locator("html")).to_have_attribute("dir", "rtl")

    async def test_works_without_any_script(self, town: Town) -> None:
        async with town.visit("Hana Sato", "/account", java_script_enabled=False) as page:
            await choose_language(page, "العربية")
            await expect(page.locator("h1")).to_have_text(get_texts("ar").say("Overview"))


class TestArabic:
    async def test_reads_from_right_to_left(self, town: Town) -> None:
        """The brand stands on the right, the name of an offer begins where the lines begin, arrows point on."""
        async with town.visit("Sara Ito", "/account/shop/internet", language="ar") as page:
            brand, who = page.locator(".brand"), page.locator(".who")
            assert await brand.evaluate(WHERE_IT_BEGINS) > await who.evaluate(WHERE_IT_BEGINS)
            aligned = await page.locator(".offer__text").first.evaluate(
                "(e) => getComputedStyle(e).textAlign"
            )
            assert aligned == "right"

    async def test_keeps_what_others_wrote_in_one_piece(self, town: Town) -> None:
        loose = []
        for name in ("Sara Ito", "Omar Hashimi", "Kenji Mori"):
            async with town.visit(name, "/account/shop/sim", language="ar") as page:
                await page.locator("#add-SIM-3G").click()
                await expect(page.locator('.notice[role="status"]')).to_be_visible()
                loose += await page.evaluate(LIST_LOOSE)
                await page.goto("/checkout")
                await page.locator("#remove-SIM-3G").click()
                await expect(page.locator("#undo")).to_be_visible()
                loose += await page.evaluate(LIST_LOOSE)
                await page.locator("#undo").click()
                await expect(page.locator("#undo")).to_be_hidden()
                for place in PAGES:
                    await page.goto(place)
                    loose += await page.evaluate(LIST_LOOSE)
                if name == "Sara Ito":
                    order = await page.evaluate(PLACE_ORDER, "SIM-3G")
                    await page.goto(f"/account/orders/{order}")
                    loose += await page.evaluate(LIST_LOOSE)

        assert loose == []

    async def test_hears_of_a_decision_in_arabic(self, town: Town) -> None:
        texts = get_texts("ar")
        async with town.visit("Hana Sato", "/account/shop/internet", language="ar") as page:
            await page.get_by_role("button", name=texts.say("Request a review")).click()
            await expect(headline(page)).to_have_text(texts.say("Review in progress"))
            await town.decide("Hana Sato", decision="approve", result="Home")
            await expect(headline(page)).to_have_text(texts.say("Eligible for: Home"))
            await keep_picture(page, "language-ar-decided")


class TestEveryLanguage:
    @pytest.mark.parametrize(
        ("language", "width", "scheme"),
        [
            ("ja", 320, "light"),
            ("ar", 360, "dark"),
            ("en", 320, "dark"),
            ("ja", 768, "dark"),
            ("ar", 1280, "light"),
        ],
    )
    async def test_fits_the_screen(self, town: Town, language: str, width: int, scheme: str) -> None:
        look: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
        async with town.visit("Omar Hashimi", "/account", language=language, **look) as page:
            for place in PAGES:
                await page.goto(place)
                await keep_picture(page, f"language-{language}{place.replace('/', '-')}-{width}-{scheme}")
        async with town.visit("Sara Ito", "/account", language=language, **look) as page:
            order = await page.evaluate(PLACE_ORDER, "SIM-3G")
            await page.goto(f"/account/orders/{order}")
            await keep_picture(page, f"language-{language}-order-{width}-{scheme}")
