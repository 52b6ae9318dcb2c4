"""The offers on the shop's pages: what is shown, at which price, and why it cannot be ordered yet."""

import re
from uuid import UUID

import pytest

from tests.integration.bff.orders.shop import override, warm
from tests.integration.bff.portal.shopping import APARTMENT, NET, NET_10G, SIM, shopping
from tests.integration.bff.portal.visitor import show
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import change

pytestmark = pytest.mark.asyncio

INTERNET_PAGE, SIM_PAGE = "/account/shop/internet", "/account/shop/sim"
SIMS = ["SIM-3G", "SIM-20G", "SIM-MAX"]
ALL_PLANS = ["NET-APT-100M", APARTMENT, NET, NET_10G]


def list_offers(html: str) -> list[str]:
    """Those that can be put into the cart, in their order."""
    return re.findall(r'id="add-([^"]+)"', html)


def find_card(html: str) -> str:
    return html.split('aria-labelledby="offers"')[1].split("</section>")[0]


class TestOffers:
    @pytest.mark.parametrize(
        ("name", "page", "skus"),
        [
            ("sara", INTERNET_PAGE, [NET, NET_10G]),
            ("kenji", INTERNET_PAGE, ALL_PLANS),
            ("hana", INTERNET_PAGE, ALL_PLANS),
            ("noor", INTERNET_PAGE, ALL_PLANS),
            ("omar", INTERNET_PAGE, []),
            ("sara", SIM_PAGE, SIMS),
            ("hana", SIM_PAGE, SIMS),
            ("omar", SIM_PAGE, SIMS),
        ],
    )
    async def test_are_those_that_the_customer_may_have(
        self, scene: Scene, name: str, page: str, skus: list[str]
    ) -> None:
        async with shopping(scene, name) as client:
            answer = await client.get(page)

        assert list_offers(answer.text) == skus

    async def test_have_name_description_and_price(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            shown = show(await client.get(INTERNET_PAGE))

        assert "Home Internet 1 Gbps Fibre for detached houses" in shown
        assert "¥5,720 a month Add to cart" in shown

    @pytest.mark.parametrize(
        ("name", "page", "reason", "step"),
        [
            ("sara", INTERNET_PAGE, "", []),
            ("kenji", INTERNET_PAGE, "The availability of internet at your address is being reviewed.", []),
            (
                "hana",
                INTERNET_PAGE,
                "Availability at your address has not been checked yet.",
                ["#request-title"],
            ),
            (
                "noor",
                INTERNET_PAGE,
                "Availability at your address has not been checked yet.",
                ["#request-title"],
            ),
            ("kenji", SIM_PAGE, "", []),
            ("hana", SIM_PAGE, "A SIM needs a picture of your residence card.", ["#upload-title"]),
            ("omar", SIM_PAGE, "Your ID was rejected.", ["#upload-title"]),
        ],
    )
    async def test_say_why_they_cannot_be_ordered_yet_and_the_one_thing_to_do(
        self, scene: Scene, name: str, page: str, reason: str, step: list[str]
    ) -> None:
        async with shopping(scene, name) as client:
            answer = await client.get(page)
        card = find_card(answer.text)

        assert ("notice" in card) == bool(reason)
        assert reason in show(answer)
        assert re.findall(r'<a href="(#[^"]+)"', card) == step
        assert all(f'id="{place[1:]}"' in answer.text for place in step)

    async def test_follow_an_override(self, scene: Scene) -> None:
        await override(scene, "omar", "internet")

        async with shopping(scene, "omar") as client:
            answer = await client.get(INTERNET_PAGE)

        assert list_offers(answer.text) == ALL_PLANS
        assert "notice" not in find_card(answer.text)

    async def test_of_nothing_that_fits_say_so(self, scene: Scene) -> None:
        await scene.decide("sara", "Eligible", Internet_Eligibility__c="Castle")

        async with shopping(scene, "sara") as client:
            shown = show(await client.get(INTERNET_PAGE))

        assert "There is no plan for your address at the moment." in shown

    async def test_that_cannot_be_read_leave_a_calm_word_and_a_way_to_look_again(self, scene: Scene) -> None:
        async with shopping(scene, "sara") as client:
            await scene.portal.adapters.account_view.read(*await find_account(scene))
            scene.emulator.faults.change({"unavailable": True})
            answer = await client.get(SIM_PAGE)

        assert answer.status_code == 200
        assert "We cannot show our plans at the moment." in show(answer)
        assert f'href="{SIM_PAGE}"' in find_card(answer.text)

    async def test_stay_when_the_status_cannot_be_read(self, scene: Scene) -> None:
        await warm(scene)
        await scene.forget("sara")
        scene.emulator.faults.change({"unavailable": True})

        async with shopping(scene, "sara") as client:
            answer = await client.get(SIM_PAGE)

        assert list_offers(answer.text) == SIMS
        assert "We cannot confirm this at the moment." in show(answer)

    async def test_are_text_and_never_markup(self, scene: Scene) -> None:
        product = next(scene.emulator.org.select("Product2", lambda row: row["ProductCode"] == SIM))
        with change(scene.emulator) as transaction:
            transaction.update("Product2", product["Id"], {"Name": "<script>alert(1)</script>"})

        async with shopping(scene, "sara") as client:
            page = (await client.get(SIM_PAGE)).text

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def find_account(scene: Scene) -> tuple[UUID, str]:
    [row] = await scene.list_rows("SELECT org_id FROM customers LIMIT 1")
    return row["org_id"], scene.find_account("sara")["Id"]
