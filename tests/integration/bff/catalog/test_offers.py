"""The catalogue over HTTP: whose offers, at what price, and what a change of the price book does."""

from typing import Any

import pytest

from tests.integration.bff.orders.shop import forget_offers
from tests.integration.bff.scene import Scene, make_email
from tests.integration.sf_sync.org import change

pytestmark = pytest.mark.asyncio

CATALOG = "/api/catalog"


async def list_offers(scene: Scene, name: str, wanted: str = "") -> list[dict[str, Any]]:
    async with scene.portal.signed_in(make_email(name)) as client:
        answer = await client.get(CATALOG, params={"type": wanted} if wanted else {})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def find_row(scene: Scene, entity: str, sku: str) -> Any:
    return next(scene.emulator.org.select(entity, lambda row: row.get("ProductCode") == sku))


class TestOffers:
    async def test_of_the_internet_fit_the_address(self, scene: Scene) -> None:
        offers = await list_offers(scene, "sara", "internet")

        assert [(offer["sku"], offer["fits"]) for offer in offers] == [
            ("NET-HOME-1G", True),
            ("NET-HOME-10G", True),
        ]

    @pytest.mark.parametrize("name", ["hana", "kenji", "noor"])
    async def test_before_the_review_are_shown_as_not_known_to_fit(self, scene: Scene, name: str) -> None:
        offers = await list_offers(scene, name, "internet")

        assert [offer["sku"] for offer in offers] == [
            "NET-APT-100M",
            "NET-APT-1G",
            "NET-HOME-1G",
            "NET-HOME-10G",
        ]
        assert {offer["fits"] for offer in offers} == {None}

    async def test_are_none_where_internet_is_not_available(self, scene: Scene) -> None:
        assert await list_offers(scene, "omar", "internet") == []

    async def test_follow_the_reviewers_decision(self, scene: Scene) -> None:
        await list_offers(scene, "kenji", "internet")
        await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Apartment")

        offers = await list_offers(scene, "kenji", "internet")

        assert [offer["sku"] for offer in offers] == ["NET-APT-100M", "NET-APT-1G"]

    async def test_of_sims_are_for_everybody(self, scene: Scene) -> None:
        offers = await list_offers(scene, "omar", "sim")

        assert offers[0] == {
            "sku": "SIM-3G",
            "productType": "sim",
            "name": "SIM 3 GB",
            "description": "3 GB a month, calls by the minute.",
            "price": "990",
            "currency": "JPY",
            "fits": True,
        }

    async def test_of_both_types_come_without_a_type(self, scene: Scene) -> None:
        types = [offer["productType"] for offer in await list_offers(scene, "hana")]

        assert types == ["internet"] * 4 + ["sim"] * 3

    async def test_of_another_type_are_refused(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as client:
            answer = await client.get(CATALOG, params={"type": "router"})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")

    async def test_are_for_customers(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            assert (await client.get(CATALOG)).status_code == 403

    async def test_cost_one_call_and_then_none(self, scene: Scene) -> None:
        await list_offers(scene, "sara", "sim")
        first = scene.list_calls()
        scene.emulator.journal.clear()
        await list_offers(scene, "sara", "internet")

        assert [call.split("/")[-1] for call in first] == ["query", "Account"]
        assert scene.list_calls() == []

    async def test_that_are_deactivated_go_once_the_feed_has_told(self, scene: Scene) -> None:
        await list_offers(scene, "sara", "sim")
        with change(scene.emulator) as transaction:
            transaction.update("Product2", find_row(scene, "Product2", "SIM-3G")["Id"], {"IsActive": False})
        await forget_offers(scene)

        assert [offer["sku"] for offer in await list_offers(scene, "sara", "sim")] == ["SIM-20G", "SIM-MAX"]

    async def test_are_still_there_while_salesforce_is_away(self, scene: Scene) -> None:
        await list_offers(scene, "sara", "internet")
        scene.emulator.faults.change({"unavailable": True})

        assert len(await list_offers(scene, "sara", "internet")) == 2

    async def test_that_nobody_could_read_are_a_503(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})
        async with scene.portal.signed_in() as client:
            answer = await client.get(CATALOG)

        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        assert answer.json()["retryAfter"] >= 1

    async def test_that_lack_a_price_or_a_type_are_left_out(self, scene: Scene) -> None:
        with change(scene.emulator) as transaction:
            transaction.update("Product2", find_row(scene, "Product2", "SIM-3G")["Id"], {"ProductCode": None})
            transaction.update(
                "Product2", find_row(scene, "Product2", "SIM-MAX")["Id"], {"Portal_Product_Type__c": None}
            )

        assert [offer["sku"] for offer in await list_offers(scene, "sara", "sim")] == ["SIM-20G"]
