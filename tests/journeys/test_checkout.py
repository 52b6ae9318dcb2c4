"""Buying as people live it: from a plan to its order, past every review, with every process running."""

import asyncio
import re
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.journeys.papers import choose, make_file, reject, verify
from tests.journeys.town import Town, headline, keep_picture, press_tab_until

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

INTERNET, SIM, CHECKOUT = "/account/shop/internet", "/account/shop/sim", "/checkout"


def confirm(page: Page) -> Locator:
    return page.get_by_role("button", name="Place the order")


def row(page: Page, label: str) -> Locator:
    """Of what an order depends on."""
    return page.locator(".rows > div", has_text=label)


async def put_into_cart(page: Page, place: str, *skus: str) -> None:
    for sku in skus:
        await page.goto(place)
        await page.locator(f"#add-{sku}").click()
        await expect(page.get_by_role("status").first).to_contain_text("is in your cart.")


async def remember_page(page: Page) -> None:
    await page.evaluate("() => { window.isSamePage = true }")


async def is_same_page(page: Page) -> bool:
    return bool(await page.evaluate("() => window.isSamePage === true"))


LOOKS: list[tuple[int, Literal["light", "dark"]]] = [
    (360, "light"),
    (360, "dark"),
    (768, "light"),
    (1280, "light"),
    (1280, "dark"),
]
CARTS = {
    "Hana Sato": [(INTERNET, "NET-HOME-1G"), (SIM, "SIM-3G")],
    "Kenji Mori": [(INTERNET, "NET-APT-1G")],
    "Sara Ito": [(INTERNET, "NET-HOME-1G"), (SIM, "SIM-20G")],
    "Omar Hashimi": [(SIM, "SIM-MAX")],
    "Noor Saleh": [],
}


async def keep_looks(page: Page, name: str) -> None:
    for width, scheme in LOOKS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=scheme)
        await keep_picture(page, f"{name}-{width}-{scheme}")


class TestEveryState:
    """First, while everybody's status is as the demo begins."""

    @pytest.mark.parametrize("name", CARTS)
    async def test_fits_the_screen(self, town: Town, name: str) -> None:
        who = name.split()[0].lower()
        async with town.visit(name) as page:
            for place, sku in CARTS[name]:
                await put_into_cart(page, place, sku)
                await keep_looks(page, f"shop-{place.split('/')[-1]}-{who}")
            await page.goto(CHECKOUT)
            await keep_looks(page, f"checkout-{who}")


class TestHana:
    async def test_waits_for_the_review_and_orders_internet(self, town: Town) -> None:
        async with town.visit("Hana Sato") as page:
            await put_into_cart(page, INTERNET, "NET-HOME-1G")
            await page.get_by_role("link", name="Go to checkout").click()
            await expect(headline(page)).to_have_text("Your address has to be checked first")
            await confirm(page).click(force=True)
            await expect(page.locator("#reasons")).to_be_focused()
            assert page.url.endswith(CHECKOUT)

            await page.get_by_role("link", name="Request a review").click()
            await page.get_by_role("button", name="Request a review").click()
            await expect(headline(page)).to_have_text("Review in progress")
            await page.locator("[data-cart-link]").click()
            await expect(headline(page)).to_have_text("Your address is being checked")
            await page.get_by_label("Who takes the delivery").fill("Hana Sato")
            await remember_page(page)

            await town.decide("Hana Sato", decision="approve", result="Home")
            await expect(headline(page)).to_have_text("Ready to order")
            await expect(row(page, "Internet eligibility")).to_contain_text("Eligible for: Home")
            await expect(page.get_by_label("Who takes the delivery")).to_have_value("Hana Sato")
            assert await is_same_page(page)
            await keep_picture(page, "journey-internet-ready")
            await confirm(page).click()

            await expect(headline(page)).to_have_text("Order placed")
            await expect(page.locator("main")).to_contain_text("Home Internet 1 Gbps")
            await expect(page.locator("main")).to_contain_text("Hana Sato")
            await keep_picture(page, "journey-internet-ordered")
            await page.locator("[data-cart-link]").click()
            await expect(headline(page)).to_have_text("Your cart is empty")

    async def test_sends_her_card_in_the_checkout_and_follows_her_sim(self, town: Town) -> None:
        async with town.visit("Hana Sato", SIM) as page:
            await put_into_cart(page, SIM, "SIM-3G")
            await page.goto(CHECKOUT)
            await expect(headline(page)).to_have_text("Your ID is missing")
            await remember_page(page)
            await choose(page, make_file("card.jpg"))
            await page.get_by_role("button", name="Send for review").click()
            await expect(headline(page)).to_have_text("Ready to order")
            await expect(headline(page)).to_be_focused()
            await expect(page.get_by_text("Your document is still being checked")).to_be_visible()
            assert await is_same_page(page)
            await confirm(page).click()

            await expect(headline(page)).to_have_text("Order placed")
            await expect(row(page, "ID verification")).to_contain_text("Submitted")
            await remember_page(page)
            await reject(town, "Hana Sato", "The number is covered by your thumb.")
            await expect(headline(page)).to_have_text("Your order is on hold")
            await expect(page.get_by_text("The number is covered by your thumb.")).to_be_visible()
            await expect(row(page, "ID verification")).to_contain_text("Rejected")
            assert await is_same_page(page)
            await keep_picture(page, "journey-sim-on-hold")

            order = page.url
            await page.get_by_role("link", name="Send a new photo of your ID").click()
            await choose(page, make_file("better.jpg"))
            await page.get_by_role("button", name="Resubmit").click()
            await expect(headline(page)).to_have_text("Submitted")
            await page.goto(order)
            await expect(row(page, "ID verification")).to_contain_text("Submitted")
            await verify(town, "Hana Sato")
            await expect(row(page, "ID verification")).to_contain_text("Verified")
            await expect(headline(page)).to_have_text("Order placed")
            await keep_picture(page, "journey-sim-released")


class TestKenji:
    async def test_orders_internet_and_a_sim_together(self, town: Town) -> None:
        async with town.visit("Kenji Mori") as page:
            await put_into_cart(page, INTERNET, "NET-APT-1G")
            await put_into_cart(page, SIM, "SIM-20G")
            await page.goto(CHECKOUT)
            await expect(headline(page)).to_have_text("Your address is being checked")
            await expect(page.locator("#reasons li")).to_have_count(1)

            await town.decide("Kenji Mori", decision="approve", result="Apartment")
            await expect(headline(page)).to_have_text("Ready to order")
            await confirm(page).dblclick()
            await expect(headline(page)).to_have_text("Order placed")
            await expect(page.locator("main")).to_contain_text("¥6,358")
            await page.get_by_role("link", name="Orders", exact=True).click()
            await expect(page.locator(".order-row")).to_have_count(1)


class TestSara:
    async def test_changes_her_mind_without_leaving_the_page(self, town: Town) -> None:
        async with town.visit("Sara Ito") as page:
            await put_into_cart(page, INTERNET, "NET-HOME-1G")
            await put_into_cart(page, SIM, "SIM-3G")
            await page.goto(CHECKOUT)
            await remember_page(page)
            await page.get_by_label("Notes for the delivery").fill("Ring twice")

            await page.get_by_label("Quantity – SIM 3 GB").focus()
            await page.get_by_label("Quantity – SIM 3 GB").select_option("3")
            await expect(page.locator(".summary")).to_contain_text("¥8,690")
            await expect(page.locator("[data-cart-link]")).to_contain_text("4")
            await expect(page.get_by_label("Quantity – SIM 3 GB")).to_be_focused()
            await page.get_by_role("button", name="Remove").first.click()
            await expect(page.get_by_text("Home Internet 1 Gbps was taken out.")).to_be_visible()
            await expect(page.locator(".summary")).to_contain_text("¥2,970")
            await page.get_by_role("button", name="Undo").click()
            await expect(page.locator(".summary")).to_contain_text("¥8,690")
            await expect(page.get_by_text("was taken out")).to_have_count(0)
            await expect(page.get_by_label("Notes for the delivery")).to_have_value("Ring twice")
            assert await is_same_page(page)

    async def test_orders_nothing_while_her_cart_is_changing(self, town: Town) -> None:
        async with town.visit("Sara Ito") as page:
            await put_into_cart(page, INTERNET, "NET-HOME-1G")
            await put_into_cart(page, SIM, "SIM-3G")
            await page.goto(CHECKOUT)
            is_free = asyncio.Event()

            async def hold(route: Route) -> None:
                await is_free.wait()
                await route.continue_()

            await page.route("**/cart/change*", hold)
            await page.get_by_label("Quantity – SIM 3 GB").select_option("3")
            await page.get_by_label("Quantity – Home Internet 1 Gbps").select_option("2")
            await confirm(page).click()
            is_free.set()

            await expect(page.locator(".summary")).to_contain_text("¥14,410")
            assert page.url.endswith(CHECKOUT)

    async def test_orders_with_the_keyboard_alone(self, town: Town) -> None:
        async with town.visit("Sara Ito", SIM) as page:
            await press_tab_until(page, "#add-SIM-MAX")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("SIM Unlimited is in your cart.")).to_be_visible()
            await press_tab_until(page, '.notice a[href="/checkout"]')
            await page.keyboard.press("Enter")
            await expect(headline(page)).to_have_text("Ready to order")
            await press_tab_until(page, "#confirm")
            await page.keyboard.press("Enter")

            await expect(headline(page)).to_have_text("Order placed")

    async def test_orders_once_in_two_windows_and_on_her_way_back(self, town: Town) -> None:
        async with town.visit("Sara Ito", SIM) as page:
            await put_into_cart(page, SIM, "SIM-3G")
            await page.goto(CHECKOUT)
            second = await page.context.new_page()
            await second.goto(CHECKOUT)
            await confirm(page).click()
            await expect(headline(page)).to_have_text("Order placed")
            order = page.url

            await page.go_back()
            await expect(headline(page)).to_have_text("Your cart is empty")
            await confirm(second).click()
            await expect(second).to_have_url(order)

    async def test_signs_in_again_in_the_midst_and_keeps_her_cart(self, town: Town) -> None:
        async with town.visit("Sara Ito", SIM) as page:
            await put_into_cart(page, SIM, "SIM-3G")
            await page.goto(CHECKOUT)
            await page.context.clear_cookies(name="__Host-session")
            await confirm(page).click()
            await page.get_by_role("button", name="Sara Ito").click()
            await expect(page).to_have_url(re.compile(f"{CHECKOUT}$"))
            await expect(headline(page)).to_have_text("Ready to order")

            # Nobody clicks: the page notices when the status changes.
            await page.context.clear_cookies(name="__Host-session")
            await page.evaluate("() => { dispatchEvent(new Event('portal:changed')) }")
            await expect(page.get_by_role("button", name="Sara Ito")).to_be_visible()

    async def test_leads_from_a_mistake_to_its_field(self, town: Town) -> None:
        async with town.visit("Sara Ito", SIM) as page:
            await put_into_cart(page, SIM, "SIM-3G")
            await page.goto(CHECKOUT)
            await page.get_by_label("Phone number for the delivery").fill("12")
            await confirm(page).click()

            await expect(page.get_by_role("alert")).to_be_focused()
            await page.get_by_role("link", name="This phone number is not valid.").click()
            await expect(page.get_by_label("Phone number for the delivery")).to_be_focused()


class TestOmar:
    async def test_is_told_everything_without_any_script(self, town: Town) -> None:
        async with town.visit("Omar Hashimi", SIM, java_script_enabled=False) as page:
            await page.locator("#add-SIM-3G").click()
            await page.get_by_role("link", name="Go to checkout").click()
            await page.get_by_label("Who takes the delivery").fill("Omar")
            await confirm(page).click(force=True)
            await expect(page.get_by_role("alert")).to_contain_text("Your order cannot be placed yet.")
            await expect(page.get_by_label("Who takes the delivery")).to_have_value("Omar")

            await page.locator("#field-file").set_input_files(make_file("card.jpg"))
            await page.get_by_role("button", name="Resubmit").click()
            await expect(headline(page)).to_have_text("Ready to order")
            await page.get_by_label("Quantity – SIM 3 GB").select_option("2")
            await page.get_by_role("button", name="Update").click()
            await expect(page.locator(".summary")).to_contain_text("¥1,980")
            await confirm(page).click()

            await expect(headline(page)).to_have_text("Order placed")
