"""The checkout as a browser without scripts meets it: what it says of a cart, and what happens to an order."""

import re

import pytest

from tests.integration.bff.orders.shop import override
from tests.integration.bff.portal.shopping import (
    APARTMENT,
    CHECKOUT,
    NET,
    SIM,
    add,
    open_checkout,
    shopping,
)
from tests.integration.bff.portal.visitor import show
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

STATUS = "/checkout/status"
INTERNET = f"/account/shop/internet?sku={NET}"


def find_confirm(html: str) -> str:
    found = re.search(r'<button [^>]*id="confirm"[^>]*>', html)
    assert found
    return found[0]


class TestVerdict:
    @pytest.mark.parametrize(
        ("name", "skus", "words", "links"),
        [
            ("hana", [NET], ["Your address has to be checked first"], [INTERNET]),
            ("noor", [NET], ["Your address is missing"], [INTERNET]),
            ("kenji", [NET], ["Your address is being checked", "this page goes on by itself"], []),
            ("omar", [NET], ["This cannot be ordered here", "Contact support"], ["#support"]),
            ("hana", [SIM], ["Your ID is missing", "Send your document"], ["#upload-title"]),
            (
                "omar",
                [SIM],
                ["A new photo of your ID is needed", "The photo is too blurry", "Send a new document"],
                ["#upload-title"],
            ),
            ("sara", [APARTMENT], ["Apartment Internet 1 Gbps is not available at your address."], []),
            ("sara", ["SIM-GONE"], ["SIM-GONE is not available any more.", "Take it out of your cart"], []),
            (
                "hana",
                [SIM, NET],
                [
                    "Your address has to be checked first",
                    "Before you can order Availability at your address has not been checked yet.",
                    "A SIM needs a picture of your residence card.",
                ],
                [INTERNET],
            ),
        ],
    )
    async def test_keeps_an_order_back_with_every_reason_and_one_next_action(
        self, scene: Scene, name: str, skus: list[str], words: list[str], links: list[str]
    ) -> None:
        async with shopping(scene, name) as client:
            await add(client, *skus)
            page = await client.get(CHECKOUT)

        assert page.status_code == 200
        assert [word for word in words if word not in show(page)] == []
        card = page.text.split('class="card status')[1].split("</section>")[0]
        assert re.findall(r'class="button[^"]*" href="([^"]+)"', card) == links
        assert 'aria-disabled="true"' in find_confirm(page.text)
        assert 'aria-describedby="reasons"' in find_confirm(page.text)
        assert 'id="reasons"' in page.text

    @pytest.mark.parametrize(
        ("name", "skus", "words"),
        [
            ("sara", [NET, SIM], ["Everything is in place.", "Total a month ¥6,710", "Eligible for: Home"]),
            ("kenji", [SIM], ["Your document is still being checked", "ID verification Submitted"]),
        ],
    )
    async def test_lets_an_order_go(self, scene: Scene, name: str, skus: list[str], words: list[str]) -> None:
        async with shopping(scene, name) as client:
            await add(client, *skus)
            page = await client.get(CHECKOUT)

        assert [word for word in ("Ready to order", *words) if word not in show(page)] == []
        assert "aria-disabled" not in find_confirm(page.text)
        assert 'id="reasons"' not in page.text

    async def test_says_what_an_order_does_not_need(self, scene: Scene) -> None:
        async with shopping(scene, "omar") as client:
            await add(client, SIM)
            shown = show(await client.get(CHECKOUT))

        assert "Internet eligibility Not available Not needed for this order" in shown

    async def test_follows_an_override(self, scene: Scene) -> None:
        await override(scene, "omar", "sim")

        async with shopping(scene, "omar") as client:
            await add(client, SIM)
            shown = show(await client.get(CHECKOUT))

        assert "Ready to order" in shown
        assert "Send a new document" not in shown

    async def test_cannot_be_told_while_salesforce_is_away(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            await client.get("/api/catalog")
            await scene.forget("sara")
            scene.emulator.faults.change({"unavailable": True})
            page = await client.get(CHECKOUT)

        assert page.status_code == 503
        assert int(page.headers["Retry-After"]) > 0
        shown = show(page)
        assert "We can't check your status at the moment Your cart is kept." in shown
        assert "Home Internet 1 Gbps" in shown
        assert 'aria-disabled="true"' in find_confirm(page.text)

    async def test_without_a_catalogue_keeps_the_cart_all_the_same(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        async with shopping(scene, "sara") as client:
            await add(client, NET)
            page = await client.get(CHECKOUT)

        assert page.status_code == 503
        assert NET in show(page)
        assert "Total a month" not in show(page)
        assert "Not needed for this order" not in show(page)

    async def test_of_nothing_shows_where_to_begin(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        async with shopping(scene, "sara") as client:
            page = await client.get(CHECKOUT)

        assert page.status_code == 200
        assert "Your cart is empty" in show(page)
        assert "/account/shop/internet#offers" in page.text


class TestLivePart:
    @pytest.mark.parametrize("skus", [[], [NET, SIM]])
    async def test_is_the_same_as_in_the_page_and_carries_the_version(
        self, scene: Scene, skus: list[str]
    ) -> None:
        async with shopping(scene, "hana") as client:
            if skus:
                await add(client, *skus)
            page, part = await client.get(CHECKOUT), await client.get(STATUS)

        assert part.text.strip() in page.text
        assert f'data-version="{part.headers["X-Facts-Version"]}"' in page.text

    async def test_begins_its_version_with_that_of_the_stream(self, scene: Scene) -> None:
        async with shopping(scene, "kenji") as client:
            page = (await client.get("/account")).text
            part = await client.get(STATUS)

        version = re.search(r'data-version="([^"]+)"', page)
        assert version
        assert part.headers["X-Facts-Version"].split("~")[0] == version[1]

    async def test_has_another_version_after_a_decision_and_after_a_change_of_the_cart(
        self, scene: Scene
    ) -> None:
        async with shopping(scene, "kenji") as client:
            await add(client, NET)
            versions = [(await client.get(STATUS)).headers["X-Facts-Version"]]
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            versions.append((await client.get(STATUS)).headers["X-Facts-Version"])
            await add(client, NET)
            versions.append((await client.get(STATUS)).headers["X-Facts-Version"])

        assert len(set(versions)) == 3
        assert versions[1].split("~")[0] == versions[2].split("~")[0]


class TestPage:
    async def test_needs_no_inline_script_or_style(self, scene: Scene) -> None:
        async with shopping(scene, "hana") as client:
            await add(client, NET, SIM)
            answer = await client.get(CHECKOUT)

        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text) == []

    async def test_orders_under_one_key_until_something_was_refused(self, scene: Scene) -> None:
        """Reloading and a second window make no second order."""
        async with shopping(scene, "sara") as client:
            await add(client, NET)
            one, other = await open_checkout(client), await open_checkout(client)

        assert one == other

    async def test_shows_what_a_reviewer_wrote_as_text(self, scene: Scene) -> None:
        await scene.decide(
            "omar", "Ineligible", Id_Verification_Rejection_Message__c="<script>alert(1)</script>"
        )

        async with shopping(scene, "omar") as client:
            await add(client, SIM)
            page = (await client.get(CHECKOUT)).text

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
