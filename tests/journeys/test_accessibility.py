"""No page breaks a serious rule of accessibility, in any state or language, as axe-core sees it in a real browser."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from bff.texts import get_texts, language_codes
from tests.journeys.axe import find_violations
from tests.journeys.papers import JPEG, choose, make_file
from tests.journeys.town import Town

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

PAGES = ("/account", "/account/shop/internet", "/account/shop/sim", "/account/orders", "/checkout")
# Everybody is in another state; language and scheme take turns, and the long form of the test tries all together.
EVERY_STATE = [
    ("Hana Sato", "en", "light", (*PAGES, "/account/claim", "/design", "/nowhere", "/sign-in")),
    ("Kenji Mori", "ja", "dark", PAGES[:3]),
    ("Sara Ito", "ar", "light", PAGES),
    ("Omar Hashimi", "ar", "dark", PAGES[:3]),
    ("Noor Saleh", "ja", "light", PAGES[1:2]),
]
Scheme = Literal["light", "dark"]
PLACE_ORDER = """async (sku) => {
  const token = new URL(document.querySelector('form[action^="/sign-out"]').action).searchParams.get("csrf");
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  const body = JSON.stringify({ items: [{ sku, quantity: 1 }], delivery: { notes: "Ring twice" } });
  const answer = await fetch("/api/orders", { method: "POST", headers, body });
  return (await answer.json()).id;
}"""


def visiting(town: Town, name: str, **look: Any) -> AbstractAsyncContextManager[Page]:
    """Without movements, in the midst of which no colour is what it will be."""
    return town.visit(name, "/account", reduced_motion="reduce", **look)


async def check(page: Page, *places: str) -> dict[str, list[str]]:
    """What is wrong on each of these pages; without places, on the one that is open."""
    wrong = {}
    for place in places or ("",):
        if place:
            await page.goto(place)
        if found := await find_violations(page):
            wrong[page.url] = found
    return wrong


class TestPages:
    @pytest.mark.parametrize(("name", "language", "scheme", "places"), EVERY_STATE)
    async def test_in_every_state(
        self, town: Town, name: str, language: str, scheme: Scheme, places: tuple[str, ...]
    ) -> None:
        async with visiting(town, name, language=language, color_scheme=scheme) as page:
            assert await check(page, *places) == {}

    @pytest.mark.soak
    @pytest.mark.parametrize("language", language_codes())
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    async def test_in_every_state_language_and_scheme(
        self, town: Town, language: str, scheme: Scheme
    ) -> None:
        for name, *_ in EVERY_STATE:
            async with visiting(town, name, language=language, color_scheme=scheme) as page:
                assert await check(page, *PAGES) == {}

    async def test_with_a_menu_open_a_file_chosen_and_mistakes_in_a_form(self, town: Town) -> None:
        async with visiting(town, "Noor Saleh") as page:
            await page.locator("[data-menu] summary").click()
            wrong = await check(page)
            await page.goto("/account/shop/sim")
            await choose(page, make_file("card.jpg", JPEG))
            wrong |= await check(page)
            await page.goto("/account/shop/internet")
            await page.locator("#request button, form[action*='/request'] button").first.click()
            await expect(page.get_by_role("alert")).to_be_focused()

            assert wrong | await check(page) == {}

    async def test_of_a_full_cart(self, town: Town) -> None:
        async with visiting(town, "Sara Ito", language="ja") as page:
            await page.goto("/account/shop/sim")
            await page.locator("#add-SIM-3G").click()

            assert await check(page, "/checkout") == {}

    async def test_of_an_order_as_it_is_placed_and_held(self, town: Town) -> None:
        async with visiting(town, "Kenji Mori", language="en") as page:
            order = await page.evaluate(PLACE_ORDER, "SIM-3G")
            wrong = await check(page, f"/account/orders/{order}", "/account/orders")
            await town.change_account("Kenji Mori", Id_Verification_Status__c="Rejected")

        async with visiting(town, "Kenji Mori", language="ar", color_scheme="dark") as page:
            await page.goto(f"/account/orders/{order}")
            await expect(page.locator("#headline")).to_have_text(get_texts("ar").say("Your order is on hold"))
            assert wrong | await check(page) == {}


class TestConsole:
    """The local Salesforce, where a person plays the reviewer."""

    async def test_is_free_of_violations_too(self, town: Town) -> None:
        page = await town.browser.new_page()
        wrong = await check(page, town.console, f"{town.console}/documents", f"{town.console}/faults")
        for queue in (town.console, f"{town.console}/documents"):
            await page.goto(queue)
            link = page.locator("main a[href^='/console/']:not([href='/console/documents'])").first
            await link.click()
            wrong |= await check(page)

        assert wrong == {}
