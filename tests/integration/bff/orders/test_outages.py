"""Orders while Salesforce is away, slow or silent: nothing is let through, nothing is lost or doubled."""

import asyncio

import pytest

from tests.integration.bff.orders.shop import NET, ORDERS, list_orders, make_body, submit, warm
from tests.integration.bff.scene import Scene, make_email

pytestmark = pytest.mark.asyncio


class TestUnavailable:
    @pytest.mark.parametrize(
        "fault",
        ["unavailable", "request_limit", "expired_session", "lock_rows"],
    )
    async def test_salesforce_lets_nothing_through(self, scene: Scene, fault: str) -> None:
        await warm(scene)
        scene.emulator.faults.change({fault: True})

        answer = await submit(scene, "sara", NET)

        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        assert answer.json()["retryAfter"] >= 1
        assert answer.headers["Retry-After"] == str(answer.json()["retryAfter"])
        assert list_orders(scene) == []

    async def test_salesforce_is_refused_at_once_while_the_breaker_is_open(self, scene: Scene) -> None:
        await warm(scene)
        scene.emulator.faults.change({"unavailable": True})
        for _ in range(3):
            await submit(scene, "sara", NET)
        scene.emulator.journal.clear()

        answer = await submit(scene, "sara", NET)

        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        assert scene.list_calls() == []

    async def test_a_catalogue_that_nobody_could_read_lets_nothing_through(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        answer = await submit(scene, "sara", NET)

        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        [decision] = await scene.list_rows("SELECT outcome FROM gate_decisions")
        assert decision["outcome"] == "unavailable"

    @pytest.mark.parametrize("fault", ["html_error", "cut_before"])
    async def test_an_order_without_an_answer_is_unconfirmed(self, scene: Scene, fault: str) -> None:
        await warm(scene)
        scene.emulator.faults.change({fault: True})

        answer = await submit(scene, "sara", NET)

        assert (answer.status_code, answer.json()["code"]) == (503, "order_unconfirmed")
        assert list_orders(scene) == []

    async def test_a_slow_salesforce_is_waited_for_less_than_a_second(self, scene: Scene) -> None:
        await warm(scene)
        scene.emulator.faults.change({"latency_s": 3.0})

        began = asyncio.get_running_loop().time()
        answer = await submit(scene, "sara", NET)

        assert answer.status_code == 503
        assert asyncio.get_running_loop().time() - began < 1.5
        assert list_orders(scene) == []


class TestLostAnswer:
    async def test_is_found_within_the_request(self, scene: Scene) -> None:
        await warm(scene)
        scene.emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})

        answer = await submit(scene, "sara", NET)

        assert answer.status_code == 201
        assert [call.split("/")[-1] for call in scene.list_calls()] == ["composite", "query"]
        assert len(list_orders(scene)) == 1

    @pytest.mark.parametrize("key", ["one", None], ids=["with a key", "without one"])
    async def test_is_found_by_the_repetition(self, scene: Scene, key: str | None) -> None:
        await warm(scene)
        scene.emulator.faults.change({"cut_after_commit": True})
        first = await submit(scene, "sara", NET, key=key)
        scene.emulator.faults.reset()

        async with scene.another_process() as other, other.signed_in(make_email("sara")) as client:
            headers = {"Idempotency-Key": key} if key else {}
            second = await client.post(ORDERS, json=make_body(NET), headers=headers)

        assert (first.status_code, first.json()["code"]) == (503, "order_unconfirmed")
        assert (second.status_code, second.json()["total"]) == (201, "5720")
        assert len(list_orders(scene)) == 1

    async def test_of_an_order_that_never_arrived_is_sent_again_once_it_cannot_arrive_any_more(
        self, scene: Scene
    ) -> None:
        await warm(scene)
        scene.emulator.faults.change({"cut_before": True, "method": "POST", "times": 1})
        first = await submit(scene, "sara", NET, key="one")
        soon = await submit(scene, "sara", NET, key="one")
        await scene.list_rows("UPDATE orders SET submit_by = now() - interval '2 seconds' RETURNING id")
        later = await submit(scene, "sara", NET, key="one")

        assert [answer.status_code for answer in (first, soon, later)] == [503, 503, 201]
        assert len(list_orders(scene)) == 1

    @pytest.mark.parametrize("fault", ["empty_body", "wrong_account_id"])
    async def test_one_that_says_nothing_is_asked_about(self, scene: Scene, fault: str) -> None:
        await warm(scene)
        scene.emulator.faults.change({fault: True, "times": 1})

        answer = await submit(scene, "sara", NET)

        assert answer.status_code == 201
        assert len(list_orders(scene)) == 1

    async def test_one_that_contradicts_the_gate_is_withdrawn(self, scene: Scene) -> None:
        await warm(scene)
        scene.emulator.faults.change({"unknown_picklist": True, "times": 1})

        answer = await submit(scene, "sara", NET, key="one")
        await scene.deliver()
        again = await submit(scene, "sara", NET, key="one")

        [order] = list_orders(scene)
        assert [one.json()["code"] for one in (answer, again)] == ["order_blocked"] * 2
        assert order["Status"] == "Cancelled"
