"""Orders as the customer sees them: pages of them, one of them, and never somebody else's."""

from typing import Any

import pytest
from sqlalchemy import text

from bff.demo.people import DEMO_ORGS
from tests.integration.bff.orders.shop import place
from tests.integration.bff.scene import Scene, make_email

pytestmark = pytest.mark.asyncio

ORDERS = "/api/orders"


class TestList:
    async def test_is_newest_first_page_after_page(self, scene: Scene) -> None:
        placed = [(await place(scene, "sara", "SIM-3G"))["id"] for _ in range(5)]
        seen: list[str] = []
        cursor: str | None = None
        async with scene.portal.signed_in(make_email("sara")) as client:
            while True:
                params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
                page = (await client.get(ORDERS, params=params)).json()
                seen += [order["id"] for order in page["items"]]
                cursor = page["nextCursor"]
                if cursor is None:
                    break

        assert seen == placed[::-1]

    async def test_has_no_order_that_was_refused(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("omar")) as client:
            await client.post(ORDERS, json={"items": [{"sku": "SIM-3G"}]})
            assert (await client.get(ORDERS)).json() == {"items": [], "nextCursor": None}

    @pytest.mark.parametrize(
        "params", [{"limit": "0"}, {"limit": "101"}, {"cursor": "x"}, {"cursor": "WzEsMl0"}, {"cursor": "é"}]
    )
    async def test_refuses_what_is_no_place_in_it(self, scene: Scene, params: dict[str, str]) -> None:
        async with scene.portal.signed_in() as client:
            assert (await client.get(ORDERS, params=params)).status_code == 400


class TestOne:
    async def test_is_what_the_submission_was_answered(self, scene: Scene) -> None:
        placed = await place(scene, "sara", "NET-HOME-1G", "SIM-3G", delivery={"notes": "Ring twice"})

        async with scene.portal.signed_in(make_email("sara")) as client:
            assert (await client.get(f"{ORDERS}/{placed['id']}")).json() == placed

    async def test_follows_the_status_of_the_account(self, scene: Scene) -> None:
        placed = await place(scene, "sara", "NET-HOME-1G")
        await scene.decide("sara", "Pending")

        async with scene.portal.signed_in(make_email("sara")) as client:
            told = (await client.get(f"{ORDERS}/{placed['id']}")).json()

        checks = {check["code"]: check for check in told["checks"]}
        assert checks["internet_eligibility"]["status"] == "pending"
        assert checks["internet_eligibility"]["message"] == "Review in progress"
        assert not checks["id_verification"]["isRequired"]
        assert told["status"] == "placed"

    async def test_is_shown_without_salesforce(self, scene: Scene) -> None:
        placed = await place(scene, "sara", "NET-HOME-1G")
        await scene.forget("sara")
        scene.emulator.faults.change({"unavailable": True})

        async with scene.portal.signed_in(make_email("sara")) as client:
            told = (await client.get(f"{ORDERS}/{placed['id']}")).json()

        assert [check["status"] for check in told["checks"]] == [None, None]
        assert told["total"] == "5720"

    async def test_of_another_customer_is_not_found(self, scene: Scene) -> None:
        placed = await place(scene, "sara", "SIM-3G")
        missing = f"{ORDERS}/00000000-0000-4000-8000-000000000000"

        async with scene.portal.signed_in(make_email("kenji")) as client:
            answers = [await client.get(path) for path in (f"{ORDERS}/{placed['id']}", missing)]

        told = [answer.json() | {"requestId": ""} for answer in answers]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert told[0] == told[1]

    async def test_that_was_refused_is_not_found(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("omar")) as client:
            await client.post(ORDERS, json={"items": [{"sku": "SIM-3G"}]})
            [row] = await scene.list_rows("SELECT id FROM orders")
            assert (await client.get(f"{ORDERS}/{row['id']}")).status_code == 404


class TestTwoOrgs:
    @pytest.mark.parametrize(
        ("statement", "count"),
        [
            ("SELECT id FROM orders", 0),
            ("SELECT id FROM gate_decisions", 0),
            ("UPDATE orders SET state = 'refused', placed_at = NULL", 0),
        ],
    )
    async def test_an_order_and_its_decision_are_their_own_orgs(
        self, scene: Scene, statement: str, count: int
    ) -> None:
        await place(scene, "sara", "SIM-3G")

        async with scene.portal.adapters.database.transaction(DEMO_ORGS[1].id) as session:
            result: Any = await session.execute(text(statement))

        assert result.rowcount == count
        assert len(await scene.list_rows("SELECT id FROM orders WHERE state = 'placed'")) == 1

    async def test_a_decision_is_never_changed(self, scene: Scene) -> None:
        await place(scene, "sara", "SIM-3G")

        for statement in ("UPDATE gate_decisions SET outcome = 'blocked'", "DELETE FROM gate_decisions"):
            with pytest.raises(Exception, match="permission denied"):
                await scene.list_rows(statement)
