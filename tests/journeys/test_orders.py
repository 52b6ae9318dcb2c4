"""Orders as people live them after they were placed: held and released before their eyes."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.journeys.papers import choose, make_file, reject, verify
from tests.journeys.test_accessibility import PLACE_ORDER
from tests.journeys.town import Town, headline, keep_picture, press_tab_until

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

REASON = "The card is cut off at the left edge."


def row(page: Page, label: str) -> Locator:
    """Of what the order depends on."""
    return page.locator(".rows > div", has_text=label)


class TestKenji:
    async def test_sees_his_order_held_and_released_without_reloading(self, town: Town) -> None:
        async with town.visit("Kenji Mori", "/account") as page:
            overview = await page.context.new_page()
            await overview.goto("/account")
            order = await page.evaluate(PLACE_ORDER, "SIM-3G")
            await page.goto(f"/account/orders/{order}")
            await expect(headline(page)).to_have_text("Order placed")
            await expect(row(page, "ID verification")).to_contain_text("Submitted")
            await page.evaluate("() => { window.isSamePage = true }")

            await reject(town, "Kenji Mori", REASON)
            await expect(headline(page)).to_have_text("Your order is on hold")
            await expect(row(page, "ID verification")).to_contain_text("Rejected")
            await expect(page.get_by_text(REASON)).to_be_visible()
            await expect(overview.locator(".tile").first).to_contain_text("Your order is on hold")
            await expect(overview.locator(".order-row").first).to_contain_text("On hold")
            await keep_picture(page, "order-on-hold")
            await keep_picture(overview, "overview-order-on-hold")

            await send_new_document(overview)
            await expect(row(page, "ID verification")).to_contain_text("Submitted")
            await expect(headline(page)).to_have_text("Your order is on hold")
            await verify(town, "Kenji Mori")
            await expect(headline(page)).to_have_text("Order placed")
            await expect(row(page, "ID verification")).to_contain_text("Verified")
            await expect(page.get_by_role("status")).to_contain_text("Order placed")
            assert await page.evaluate("() => window.isSamePage") is True


async def send_new_document(page: Page) -> None:
    """By the keyboard, from the overview's first tile to the document's way out."""
    await press_tab_until(page, ".tile a")
    await page.keyboard.press("Enter")
    await expect(headline(page)).to_have_text("Your order is on hold")
    await page.get_by_role("link", name="Send a new photo of your ID").click()
    await choose(page, make_file("whole-card.jpg"))
    await page.get_by_role("button", name="Resubmit").click()
    await expect(headline(page)).to_have_text("Submitted")


class TestSara:
    async def test_pages_through_her_orders_without_any_script(self, town: Town) -> None:
        async with town.visit("Sara Ito", "/account/orders") as page:
            placed = [await page.evaluate(PLACE_ORDER, "SIM-3G") for _ in range(11)]
        async with town.visit("Sara Ito", "/account/orders", java_script_enabled=False) as page:
            await page.get_by_role("link", name="Older orders").click()
            await page.locator(".order-row").first.click()

            await expect(page).to_have_url(f"http://localhost:{town.run.port}/account/orders/{placed[0]}")
            await expect(headline(page)).to_have_text("Order placed")
