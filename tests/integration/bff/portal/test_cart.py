"""The cart as a browser without scripts fills and changes it."""

import asyncio
import re

import pytest

from tests.integration.bff.portal.shopping import (
    CHECKOUT,
    NET,
    SIM,
    add,
    change,
    find_action,
    find_token,
    shopping,
)
from tests.integration.bff.portal.visitor import show
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

INTERNET_PAGE, SIM_PAGE = "/account/shop/internet", "/account/shop/sim"


def count(html: str) -> str:
    """What stands beside the cart in the masthead."""
    return " ".join(
        re.sub(r"<[^>]+>", " ", html.split("data-cart-link")[1].split("</a>")[0]).split(">")[-1].split()
    )


class TestAdd:
    async def test_leads_back_to_the_shop_and_says_what_is_in_the_cart(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            answer = await add(client, SIM, shop="sim")
            page = await client.get(answer.headers["Location"])

        assert (answer.status_code, answer.headers["Location"]) == (303, f"{SIM_PAGE}?added={SIM}")
        assert "SIM 3 GB is in your cart." in show(page)
        assert "In your cart: 1" in show(page)
        assert count(page.text).endswith("1")

    async def test_is_seen_on_every_page(self, scene: Scene) -> None:
        pages = ("/account", INTERNET_PAGE, SIM_PAGE, "/account/orders", CHECKOUT)
        async with shopping(scene, "sara") as client:
            await add(client, SIM, NET, SIM)
            shown = [count((await client.get(page)).text) for page in pages]

        assert [each[-1:] for each in shown] == ["3"] * len(pages)

    async def test_says_nothing_of_what_is_not_there(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            shown = show(await client.get(SIM_PAGE, params={"added": SIM}))

        assert "is in your cart" not in shown

    async def test_of_a_21st_product_is_refused_in_words(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            answer = await add(client, *(f"SKU-{number}" for number in range(21)))
            page = await client.get(answer.headers["Location"])

        assert "Your cart is full." in show(page)
        assert "SKU-20" not in page.text

    async def test_needs_no_account_in_salesforce(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        async with shopping(scene, "sara") as client:
            answer = await add(client, SIM, shop="sim")

        assert answer.status_code == 303
        assert SIM in answer.headers["Set-Cookie"]


class TestChange:
    async def test_changes_how_many(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            answer = await change(client, SIM, 3)
            shown = show(await client.get(CHECKOUT))

        assert (answer.status_code, answer.headers["Location"]) == (303, CHECKOUT)
        assert "¥990 each, a month" in shown
        assert "Total a month ¥2,970" in shown

    async def test_takes_out_and_brings_back(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET, SIM, SIM)
            answer = await change(client, SIM, 0)
            page = await client.get(answer.headers["Location"])
            undo = page.text.split("data-notices")[1]
            fields = dict(re.findall(r'name="(sku|quantity)" value="([^"]+)"', undo.split("</form>")[0]))
            await client.post(find_action(undo, "/cart/add"), data=fields)
            after = show(await client.get(answer.headers["Location"]))

        assert "SIM 3 GB was taken out." in show(page)
        assert "Total a month ¥5,720" in show(page)
        assert "Total a month ¥7,700" in after
        assert "was taken out" not in after

    async def test_of_what_is_not_there_changes_nothing(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await change(client, SIM, 3)
            shown = show(await client.get(CHECKOUT))

        assert "Your cart is empty" in shown

    @pytest.mark.parametrize("quantity", ["-1", "100", "many", "", "1.5"])
    async def test_to_no_number_is_refused(self, scene: Scene, quantity: str) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, SIM)
            answer = await change(client, SIM, quantity)

        assert answer.status_code == 400


class TestHostile:
    async def test_another_site_changes_no_cart(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            token = await find_token(client)
            answers = await asyncio.gather(
                client.post("/cart/add", data={"sku": SIM}),
                client.post("/cart/change", params={"csrf": "forged"}, data={"sku": SIM, "quantity": "1"}),
                client.post(
                    "/cart/add",
                    params={"csrf": token},
                    data={"sku": SIM},
                    headers={"Origin": "https://elsewhere.example"},
                ),
            )

        assert [answer.status_code for answer in answers] == [403, 403, 403]

    @pytest.mark.parametrize("cart", ["<script>", "a.b.c", "x" * 3000, "%00", '"'])
    async def test_a_broken_cookie_is_an_empty_cart(self, scene: Scene, cart: str) -> None:
        async with shopping(scene, "sara") as client:
            client.headers["Cookie"] += f"; cart={cart}"
            answer = await client.get(CHECKOUT)

        assert answer.status_code == 200
        assert "Your cart is empty" in show(answer)

    async def test_a_product_is_text_and_never_markup(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            answer = await add(client, "<b>")
            removed = await client.get(CHECKOUT, params={"removed": "<script>:1"})

        assert answer.status_code == 400
        assert "<script>:1" not in removed.text

    async def test_a_form_leads_to_no_other_site(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            answer = await add(client, SIM, shop="//elsewhere.example")

        assert answer.headers["Location"] == CHECKOUT

    async def test_staff_have_no_cart(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            answer = await client.get(CHECKOUT)

        assert answer.status_code == 403
