"""The pages of orders as a browser without scripts meets them."""

import re
from typing import Any

import httpx
import pytest

from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from bff.orders.reviews import Reviews
from tests.integration.bff.orders.shop import place
from tests.integration.bff.portal.sim import judge
from tests.integration.bff.portal.visitor import show, visiting
from tests.integration.bff.scene import Scene
from tests.tables import make_id, read_table

pytestmark = pytest.mark.asyncio

PAGE = "/account/orders"


def list_links(page: str) -> list[str]:
    return re.findall(r'class="card order-row" href="/account/orders/([^"]+)"', page)


def list_checks(page: str) -> list[tuple[str, str, str]]:
    """Name, tone and words of each row."""
    rows = re.findall(
        r'<dt>([^<]+)</dt><dd><span class="badge tone-(\w+)">.*?</svg>([^<]+)</span>', page, re.DOTALL
    )
    return [(name, tone, words) for name, tone, words in rows]


def find_action(page: str) -> str:
    """The words of the status card's button."""
    found = re.search(r'<a class="button button--wide-on-phones" href="[^"]*">([^<]*)', page)
    return found[1] if found else "–"


async def look(scene: Scene, name: str) -> None:
    """As the worker does when it hears of the account."""
    adapters = scene.portal.adapters
    await Reviews(adapters, Deliveries(adapters)).look(DEMO_ORGS[0].id, scene.find_account(name)["Id"])


async def open_order(client: httpx.AsyncClient, order: dict[str, Any]) -> httpx.Response:
    return await client.get(f"{PAGE}/{order['id']}")


class TestList:
    async def test_leads_to_older_orders_and_back(self, scene: Scene) -> None:
        placed = [(await place(scene, "sara", "SIM-3G"))["id"] for _ in range(11)]
        async with visiting(scene, "sara") as client:
            first = (await client.get(PAGE)).text
            [older] = re.findall(r'href="(/account/orders\?cursor=[^"]+)" rel="next"', first)
            second = (await client.get(older)).text

        assert list_links(first) + list_links(second) == placed[::-1]
        assert "Newest orders" in second
        assert "Older orders" not in second

    async def test_is_empty_in_a_friendly_way(self, scene: Scene) -> None:
        async with visiting(scene, "hana") as client:
            page = await client.get(PAGE)

        assert "No orders yet" in show(page)
        assert '<a href="/account/orders" aria-current="page">Orders</a>' in page.text

    async def test_names_what_was_ordered_and_what_it_costs(self, scene: Scene) -> None:
        await place(scene, "sara", "NET-HOME-1G", "SIM-3G")
        async with visiting(scene, "sara") as client:
            shown = show(await client.get(PAGE))

        assert "Home Internet 1 Gbps" in shown
        assert "¥" in shown

    @pytest.mark.parametrize("cursor", ["x", "", "0000000000000000-" + "g" * 32])
    async def test_refuses_what_is_no_place_in_it(self, scene: Scene, cursor: str) -> None:
        async with visiting(scene, "sara") as client:
            answer = await client.get(PAGE, params={"cursor": cursor})

        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/html")


class TestOne:
    async def test_shows_lines_total_delivery_and_both_checks(self, scene: Scene) -> None:
        delivery = {
            "contactName": "Sara Ito",
            "notes": "Ring twice",
            "dropoff": {"phoneNumber": "090-1234-5678"},
        }
        order = await place(scene, "sara", "NET-HOME-1G", "SIM-3G", delivery=delivery)
        async with visiting(scene, "sara") as client:
            answer = await open_order(client, order)
            shown = show(answer)

        assert "Order placed" in shown
        assert {"Home Internet 1 Gbps", "Sara Ito", "Ring twice", order["id"]} <= {
            word for word in ("Home Internet 1 Gbps", "Sara Ito", "Ring twice", order["id"]) if word in shown
        }
        assert list_checks(answer.text) == [
            ("Internet eligibility", "good", "Eligible for: Home"),
            ("ID verification", "good", "Verified"),
        ]
        assert '<a href="/account/orders" aria-current="true">Orders</a>' in answer.text

    async def test_keeps_most_of_a_phone_number_to_itself(self, scene: Scene) -> None:
        order = await place(scene, "sara", "SIM-3G", delivery={"dropoff": {"phoneNumber": "090-1234-5678"}})
        async with visiting(scene, "sara") as client:
            shown = show(await open_order(client, order))

        assert "78\u2069" in shown
        assert "1234" not in re.sub(re.escape(order["id"]), "", shown)

    async def test_what_the_customer_wrote_is_text(self, scene: Scene) -> None:
        order = await place(scene, "sara", "SIM-3G", delivery={"notes": "<b>Ring</b>"})
        async with visiting(scene, "sara") as client:
            page = (await open_order(client, order)).text

        assert "&lt;b&gt;Ring&lt;/b&gt;" in page

    async def test_calm_where_this_order_does_not_need_it(self, scene: Scene) -> None:
        order = await place(scene, "sara", "NET-HOME-1G")
        await judge(scene, "sara", "Rejected")
        async with visiting(scene, "sara") as client:
            answer = await open_order(client, order)

        assert list_checks(answer.text)[1] == ("ID verification", "calm", "Rejected")
        assert "Not needed for this order" in answer.text

    async def test_of_another_customer_and_a_missing_one_are_the_same_page(self, scene: Scene) -> None:
        order = await place(scene, "sara", "SIM-3G")
        async with visiting(scene, "kenji") as client:
            foreign = await open_order(client, order)
            missing = await client.get(f"{PAGE}/00000000-0000-4000-8000-000000000000")
            part = await client.get(f"{PAGE}/{order['id']}/status")

        assert {foreign.status_code, missing.status_code, part.status_code} == {404}
        assert "This page does not exist" in foreign.text

    async def test_is_shown_without_salesforce(self, scene: Scene) -> None:
        order = await place(scene, "sara", "SIM-3G")
        await scene.forget("sara")
        scene.emulator.faults.change({"unavailable": True})
        async with visiting(scene, "sara") as client:
            answer = await open_order(client, order)

        assert answer.status_code == 200
        assert [words for _, _, words in list_checks(answer.text)] == ["Not confirmed"] * 2


class TestReview:
    @pytest.mark.parametrize("row", read_table("orders.md", "What its page says"), ids=make_id)
    async def test_says_what_the_table_says(self, scene: Scene, row: dict[str, str]) -> None:
        order = await place(scene, "kenji", "SIM-3G")
        for verdict in [] if row["verdicts"] == "–" else row["verdicts"].split(", "):
            await judge(scene, "kenji", verdict)
            await look(scene, "kenji")
        async with visiting(scene, "kenji") as client:
            answer = await open_order(client, order)

        assert f'<section class="card status tone-{row["tone"]}"' in answer.text
        assert f'id="headline" tabindex="-1">{row["headline"]}</h2>' in answer.text
        assert row["explanation"] in show(answer)
        assert [words for name, _, words in list_checks(answer.text) if name == "ID verification"] == [
            row["row"]
        ]
        assert find_action(answer.text) == row["next action"]

    async def test_gives_the_reviewers_words_and_the_way_to_a_new_document(self, scene: Scene) -> None:
        order = await place(scene, "kenji", "SIM-3G")
        await judge(scene, "kenji", "Rejected", Id_Verification_Rejection_Message__c="Too dark")
        async with visiting(scene, "kenji") as client:
            page = (await open_order(client, order)).text

        assert ">Too dark</blockquote>" in page
        assert '<a class="button button--wide-on-phones" href="/account/shop/sim">' in page

    async def test_its_live_part_is_the_same_and_another_after_a_verdict(self, scene: Scene) -> None:
        order = await place(scene, "kenji", "SIM-3G")
        async with visiting(scene, "kenji") as client:
            page, part = await open_order(client, order), await client.get(f"{PAGE}/{order['id']}/status")
            await judge(scene, "kenji", "Rejected")
            after = await client.get(f"{PAGE}/{order['id']}/status")

        assert part.text.strip() in page.text
        assert f'data-version="{part.headers["X-Facts-Version"]}"' in page.text
        assert after.headers["X-Facts-Version"] != part.headers["X-Facts-Version"]
        assert "Your order is on hold" in after.text
