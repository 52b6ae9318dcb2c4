"""The overview as a browser without scripts meets it."""

import re

import httpx
import pytest

from tests.integration.bff.orders.shop import place
from tests.integration.bff.portal.sim import judge
from tests.integration.bff.portal.visitor import show, visiting
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

PAGE = "/account"
TILE = re.compile(
    r'<li class="card tile tone-(\w+)">.*?<h3[^>]*>([^<]*)</h3>'
    r'.*?<a class="button [^"]*" href="([^"]*)"[^>]*>([^<]*)<',
    re.DOTALL,
)


def list_tiles(page: str) -> list[tuple[str, str, str, str]]:
    """Tone, title, link and the link's words of each."""
    return TILE.findall(page)


async def read(client: httpx.AsyncClient) -> str:
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    return answer.text


class TestTiles:
    @pytest.mark.parametrize(
        ("name", "tiles"),
        [
            (
                "hana",
                [
                    ("warn", "Check internet availability", "/account/shop/internet", "Request a review"),
                    ("warn", "Submit ID to activate SIM", "/account/shop/sim", "Upload your ID"),
                ],
            ),
            (
                "kenji",
                [
                    (
                        "info",
                        "Internet availability review in progress",
                        "/account/shop/internet",
                        "See the status",
                    ),
                    ("info", "Your ID is being reviewed", "/account/shop/sim", "See the status"),
                ],
            ),
            ("sara", [("good", "Choose your internet plan", "/account/shop/internet", "See the plans")]),
            (
                "omar",
                [
                    ("bad", "Internet is not available", "/account/shop/internet#support", "Contact support"),
                    (
                        "bad",
                        "ID rejected: send a new photo",
                        "/account/shop/sim",
                        "Send a new photo of your ID",
                    ),
                ],
            ),
        ],
    )
    async def test_are_what_the_customer_can_do_next(
        self, scene: Scene, name: str, tiles: list[tuple[str, str, str, str]]
    ) -> None:
        async with visiting(scene, name) as client:
            assert list_tiles(await read(client)) == tiles

    async def test_say_that_all_is_in_order_when_there_is_none(self, scene: Scene) -> None:
        await place(scene, "sara", "NET-HOME-1G")
        async with visiting(scene, "sara") as client:
            page = await read(client)

        assert list_tiles(page) == []
        assert "Everything is in order" in page

    async def test_lead_to_an_order_on_hold_first(self, scene: Scene) -> None:
        placed = await place(scene, "kenji", "SIM-3G")
        await judge(scene, "kenji", "Rejected")
        async with visiting(scene, "kenji") as client:
            tiles = list_tiles(await read(client))

        assert tiles[0] == (
            "bad",
            "Your order is on hold",
            f"/account/orders/{placed['id']}",
            "See the order",
        )

    async def test_are_one_calm_tile_while_salesforce_is_away(self, scene: Scene) -> None:
        await scene.forget("hana")
        scene.emulator.faults.change({"unavailable": True})
        async with visiting(scene, "hana") as client:
            tiles = list_tiles(await read(client))

        assert tiles == [("calm", "Your status cannot be shown at the moment", "/account", "Try again")]

    @pytest.mark.parametrize("name", ["hana", "kenji", "sara", "omar", "noor"])
    async def test_have_one_primary_button_at_most(self, scene: Scene, name: str) -> None:
        async with visiting(scene, name) as client:
            page = (await read(client)).split("<main")[1]

        links = re.findall(r'class="(button [^"]*)"', page)
        assert len([link for link in links if "button--quiet" not in link]) <= 1


class TestRecentOrders:
    async def test_are_the_newest_three_with_their_state(self, scene: Scene) -> None:
        placed = [(await place(scene, "sara", "SIM-3G"))["id"] for _ in range(4)]
        async with visiting(scene, "sara") as client:
            page = await read(client)

        assert re.findall(r'class="card order-row" href="/account/orders/([^"]+)"', page) == placed[:0:-1]
        assert page.count("Placed</span>") == 3
        assert 'href="/account/orders">All orders' in page

    async def test_say_what_will_be_there_while_there_is_none(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            shown = show(await client.get(PAGE))

        assert "No orders yet What you order appears here, with its state." in shown


class TestPage:
    async def test_is_where_one_lands(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            answer = await client.get("/")
            page = await read(client)

        assert answer.headers["Location"] == PAGE
        assert '<a href="/account" aria-current="page">Overview</a>' in page

    async def test_needs_no_inline_script_or_style(self, scene: Scene) -> None:
        async with visiting(scene, "omar") as client:
            page = await read(client)

        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page) == []

    async def test_staff_have_none(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            assert (await client.get(PAGE)).status_code == 403

    async def test_its_live_part_is_the_same_and_another_after_either_fact_changes(
        self, scene: Scene
    ) -> None:
        async with visiting(scene, "kenji") as client:
            page = await read(client)
            versions = [(await client.get(f"{PAGE}/status")).headers["X-Facts-Version"]]
            part = await client.get(f"{PAGE}/status")
            await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
            versions.append((await client.get(f"{PAGE}/status")).headers["X-Facts-Version"])
            await judge(scene, "kenji", "Verified")
            versions.append((await client.get(f"{PAGE}/status")).headers["X-Facts-Version"])

        assert part.text.strip() in page
        assert f'data-version="{versions[0]}"' in page
        assert len(set(versions)) == 3
