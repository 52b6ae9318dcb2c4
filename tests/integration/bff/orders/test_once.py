"""One key, one order, equal answers, however often and from wherever it is submitted."""

import asyncio
from uuid import uuid4

import pytest

from tests.integration.bff.orders.shop import NET, ORDERS, SIM, list_orders, make_body, submit
from tests.integration.bff.scene import Scene, make_email

pytestmark = pytest.mark.asyncio


class TestOnce:
    async def test_a_key_places_one_order_and_gets_equal_answers(self, scene: Scene) -> None:
        key = str(uuid4())

        first = await submit(scene, "sara", NET, key=key)
        await scene.decide("sara", "Ineligible")
        second = await submit(scene, "sara", NET, key=key)

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert len(list_orders(scene)) == 1

    async def test_of_fifty_with_one_key_one_places_it_and_all_get_its_answer(self, scene: Scene) -> None:
        headers = {"Idempotency-Key": "one"}
        async with scene.portal.signed_in(make_email("sara")) as client:
            answers = await asyncio.gather(
                *(client.post(ORDERS, json=make_body(NET, SIM), headers=headers) for _ in range(50))
            )

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len(list_orders(scene)) == 1
        assert len(list(scene.emulator.org.select("OrderItem"))) == 2

    async def test_of_many_in_two_processes_too(self, scene: Scene) -> None:
        headers = {"Idempotency-Key": "one"}
        scene.emulator.faults.change({"latency_s": 0.1})
        async with (
            scene.another_process() as other,
            scene.portal.signed_in(make_email("sara")) as here,
            other.signed_in(make_email("sara")) as there,
        ):
            answers = await asyncio.gather(
                *(
                    client.post(ORDERS, json=make_body(NET), headers=headers)
                    for client in (here, there)
                    for _ in range(5)
                )
            )

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len(list_orders(scene)) == 1

    async def test_a_key_with_another_order_is_refused(self, scene: Scene) -> None:
        await submit(scene, "sara", NET, key="one")

        answer = await submit(scene, "sara", SIM, key="one")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert len(list_orders(scene)) == 1

    async def test_another_customers_key_is_another_key(self, scene: Scene) -> None:
        await submit(scene, "sara", SIM, key="one")
        await submit(scene, "kenji", SIM, key="one")

        assert len(list_orders(scene)) == 2

    async def test_a_refusal_leaves_the_key_free_to_be_tried_again(self, scene: Scene) -> None:
        refused = await submit(scene, "kenji", NET, key="one")
        await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")

        placed = await submit(scene, "kenji", NET, key="one")

        assert (refused.status_code, placed.status_code) == (409, 201)

    async def test_without_a_key_two_orders_are_two(self, scene: Scene) -> None:
        await submit(scene, "sara", SIM)
        await submit(scene, "sara", SIM)

        assert len(list_orders(scene)) == 2

    async def test_without_a_key_two_clicks_are_one(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("sara")) as client:
            answers = await asyncio.gather(*(client.post(ORDERS, json=make_body(SIM)) for _ in range(2)))

        assert len({answer.content for answer in answers}) == 1
        assert len(list_orders(scene)) == 1
