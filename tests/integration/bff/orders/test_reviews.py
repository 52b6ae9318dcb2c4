"""After the order: held when its document is rejected, released when a new one is verified, whoever hears of it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from bff.orders import tasks as _tasks  # noqa: F401  (registers the jobs)
from bff.orders.doubts import Doubts
from bff.orders.reviews import Reviews
from bff.orders.watch import OrderWatch
from bff.worker import work
from cache.gathering import Gathered
from sf_sync.accounts import EVERY_ACCOUNT_TOPIC, get_account_topic
from tests.integration.bff.orders.shop import place
from tests.integration.bff.scene import Scene, make_email
from tests.integration.sf_sync.org import change, update_account

pytestmark = pytest.mark.asyncio

ORG = DEMO_ORGS[0].id
JOBS = (
    "SELECT task_name FROM procrastinate_jobs WHERE task_name LIKE '%order%' AND status = 'todo' ORDER BY id"
)


async def judge(scene: Scene, status: str, **values: Any) -> None:
    """As a reviewer does, and then as the feed, which does not run here."""
    update_account(
        scene.emulator, scene.find_account("kenji")["Id"], Id_Verification_Status__c=status, **values
    )
    await scene.forget("kenji")


async def buy(scene: Scene) -> str:
    """An order that Salesforce knows to await its document's review."""
    order_id: str = (await place(scene, "kenji", "SIM-3G"))["id"]
    await scene.deliver()
    return order_id


async def look(scene: Scene) -> None:
    """As the worker does, with the deliveries that wait for the account's earlier ones."""
    adapters = scene.portal.adapters
    await Reviews(adapters, Deliveries(adapters)).look(ORG, scene.find_account("kenji")["Id"])
    await scene.deliver()


async def show(scene: Scene, order_id: str) -> dict[str, Any]:
    async with scene.portal.signed_in(make_email("kenji")) as client:
        told: dict[str, Any] = (await client.get(f"/api/orders/{order_id}")).json()
    return told


def get_order(scene: Scene, order_id: str) -> Any:
    return scene.emulator.org.find_by("Order", "Portal_Order_Id__c", order_id)[0]


class TestHold:
    async def test_follows_a_rejection_with_the_gates_problem_and_next_action(self, scene: Scene) -> None:
        order_id = await buy(scene)
        await judge(scene, "Rejected", Id_Verification_Rejection_Message__c="Too dark")
        await look(scene)

        told, order = await show(scene, order_id), get_order(scene, order_id)
        assert (told["status"], told["nextAction"]["code"]) == ("on_hold", "resubmit_id")
        assert [problem["code"] for problem in told["problems"]] == ["id_rejected"]
        assert told["problems"][0]["data"]["reviewerMessage"] == "Too dark"
        assert (order["Status"], order["Portal_Hold_Reason__c"]) == (
            "On Hold",
            "The customer's ID was rejected after the order.",
        )

    async def test_is_shown_before_anybody_has_looked(self, scene: Scene) -> None:
        order_id = await buy(scene)
        await judge(scene, "Rejected")

        assert (await show(scene, order_id))["status"] == "on_hold"

    async def test_stays_while_the_next_document_is_reviewed(self, scene: Scene) -> None:
        order_id = await buy(scene)
        await judge(scene, "Rejected")
        await look(scene)
        await judge(scene, "Submitted")
        await look(scene)

        told = await show(scene, order_id)
        assert (told["status"], told["problems"]) == ("on_hold", [])
        assert told["nextAction"]["code"] == "wait_for_review"
        assert get_order(scene, order_id)["Status"] == "On Hold"

    async def test_ends_when_a_document_is_verified(self, scene: Scene) -> None:
        order_id = await buy(scene)
        for status in ("Rejected", "Submitted", "Verified"):
            await judge(scene, status)
            await look(scene)

        told, order = await show(scene, order_id), get_order(scene, order_id)
        assert (told["status"], told["nextAction"]["code"]) == ("placed", "none")
        assert order["Status"] == "Draft"
        assert "Portal_Hold_Reason__c" not in order

    async def test_does_not_come_back_for_an_order_that_was_settled(self, scene: Scene) -> None:
        order_id = await buy(scene)
        for status in ("Verified", "Rejected"):
            await judge(scene, status)
            await look(scene)

        assert (await show(scene, order_id))["status"] == "placed"

    async def test_is_not_for_orders_of_internet(self, scene: Scene) -> None:
        await scene.decide("kenji", "Eligible", Internet_Eligibility__c="Home")
        order_id = (await place(scene, "kenji", "NET-HOME-1G"))["id"]
        await judge(scene, "Rejected")
        await look(scene)

        assert (await show(scene, order_id))["status"] == "placed"

    async def test_is_written_down_once_however_often_it_is_looked(self, scene: Scene) -> None:
        await place(scene, "kenji", "SIM-3G")
        await judge(scene, "Rejected")
        await asyncio.gather(*(look(scene) for _ in range(5)))

        rows = await scene.list_rows("SELECT action FROM audit WHERE action = 'order.held'")
        deliveries = await scene.list_rows("SELECT state FROM deliveries WHERE kind = 'order_status'")
        assert (len(rows), [row["state"] for row in deliveries]) == (1, ["delivered"])

    async def test_leaves_an_order_alone_that_somebody_cancelled(self, scene: Scene) -> None:
        order_id = await buy(scene)
        with change(scene.emulator) as transaction:
            transaction.update("Order", get_order(scene, order_id)["Id"], {"Status": "Cancelled"})
        await judge(scene, "Rejected")
        await look(scene)

        [delivery] = await scene.list_rows("SELECT state, reason FROM deliveries WHERE kind = 'order_status'")
        assert delivery == {"state": "refused", "reason": "The order is Cancelled in Salesforce."}
        assert get_order(scene, order_id)["Status"] == "Cancelled"

    async def test_reaches_salesforce_later_when_it_is_away(self, scene: Scene) -> None:
        order_id = await buy(scene)
        await judge(scene, "Rejected")
        await show(scene, order_id)
        scene.emulator.faults.change({"unavailable": True})
        await look(scene)
        scene.emulator.faults.reset()
        await scene.deliver()

        assert get_order(scene, order_id)["Status"] == "On Hold"


class TestNotices:
    async def test_of_an_account_with_followed_orders_promise_a_look(self, scene: Scene) -> None:
        await place(scene, "kenji", "SIM-3G")
        await place(scene, "sara", "SIM-3G")
        topics = frozenset(
            get_account_topic(scene.find_account(name)["Id"]) for name in ("kenji", "sara", "hana")
        )

        promised = await OrderWatch(scene.portal.adapters).notice(Gathered(topics, everything=False))

        assert promised == 1
        assert [row["task_name"] for row in await scene.list_rows(JOBS)] == ["portal:review_orders"]

    @pytest.mark.parametrize(
        "gathered",
        [
            Gathered(frozenset(), everything=True),
            Gathered(frozenset({EVERY_ACCOUNT_TOPIC}), everything=False),
        ],
    )
    async def test_of_everything_promise_one_sweep(self, scene: Scene, gathered: Gathered) -> None:
        await OrderWatch(scene.portal.adapters).notice(gathered)

        assert [row["task_name"] for row in await scene.list_rows(JOBS)] == ["portal:sweep_order_reviews"]

    async def test_that_nobody_heard_are_repaired_by_the_sweep(self, scene: Scene) -> None:
        adapters = scene.portal.adapters
        order_id = await buy(scene)
        await judge(scene, "Rejected")

        await Reviews(adapters, Deliveries(adapters)).sweep(ORG)
        await scene.deliver()

        assert get_order(scene, order_id)["Status"] == "On Hold"

    async def test_are_heard_as_they_come(self, scene: Scene) -> None:
        adapters = scene.portal.adapters
        order_id = await buy(scene)
        stop = asyncio.Event()
        working = asyncio.create_task(OrderWatch(adapters).run(stop))
        await until_subscribed(scene)
        await judge(scene, "Rejected")
        async with asyncio.timeout(5):
            while not await scene.list_rows(JOBS):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # another connection commits it; there is no event
        stop.set()
        await working
        await look(scene)

        assert get_order(scene, order_id)["Status"] == "On Hold"


class TestWorker:
    async def test_holds_and_releases_by_itself(self, scene: Scene) -> None:
        order_id = await buy(scene)
        stop = asyncio.Event()
        working = asyncio.create_task(work(scene.portal.settings, stop, scene.portal.adapters))
        seen = []
        for status, expected in (("Rejected", "On Hold"), ("Verified", "Draft")):
            await until_subscribed(scene)
            await judge(scene, status)
            async with asyncio.timeout(10):
                while get_order(scene, order_id)["Status"] != expected:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # the worker tells nobody
            seen.append(expected)
        stop.set()
        await working

        assert seen == ["On Hold", "Draft"]


async def until_subscribed(scene: Scene) -> None:
    """Until the worker hears: a notice before that is the sweep's."""
    async with asyncio.timeout(5):
        while not scene.portal.adapters.broadcast.prefixes:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class TestDoubts:
    async def test_an_order_that_is_there_is_found(self, scene: Scene) -> None:
        await lose(scene, "sara", cut_after_commit=True)

        assert await make_doubts(scene).sweep() == 1
        async with scene.portal.signed_in(make_email("sara")) as client:
            [order] = (await client.get("/api/orders")).json()["items"]
        assert (order["status"], order["total"]) == ("placed", "990")

    async def test_one_that_is_not_is_closed(self, scene: Scene) -> None:
        await lose(scene, "sara", cut_before=True)

        assert await make_doubts(scene).sweep() == 1
        assert [row["state"] for row in await scene.list_rows("SELECT state FROM orders")] == ["refused"]

    async def test_one_that_may_still_be_accepted_is_left_alone(self, scene: Scene) -> None:
        await lose(scene, "sara", is_late=False, cut_before=True)

        assert await make_doubts(scene).sweep() == 0

    async def test_one_of_a_process_that_died_is_found(self, scene: Scene) -> None:
        await place(scene, "sara", "SIM-3G")
        await scene.list_rows(
            "UPDATE orders SET state = 'deciding', placed_at = NULL, answer = NULL, claim = gen_random_uuid(),"
            " claimed_until = now() - interval '1 second' RETURNING id"
        )

        assert await make_doubts(scene).sweep() == 1
        assert [row["state"] for row in await scene.list_rows("SELECT state FROM orders")] == ["placed"]

    async def test_one_that_is_found_is_shown_to_reviewers(self, scene: Scene) -> None:
        await lose(scene, "kenji", cut_after_commit=True)

        assert await make_doubts(scene).sweep() == 1
        await scene.deliver()
        [order] = scene.emulator.org.find_by("Order", "AccountId", scene.find_account("kenji")["Id"])
        assert order["Id_Review_Status__c"] == "Pending"

    async def test_wait_while_salesforce_is_away(self, scene: Scene) -> None:
        await lose(scene, "sara", cut_after_commit=True)
        scene.emulator.faults.change({"unavailable": True})

        assert await make_doubts(scene).sweep() == 0


def make_doubts(scene: Scene) -> Doubts:
    return Doubts(scene.portal.adapters, Deliveries(scene.portal.adapters))


async def lose(scene: Scene, name: str, *, is_late: bool = True, **fault: bool) -> None:
    """An order whose answer was lost, in another process, so that the breaker of ours stays closed."""
    async with scene.portal.signed_in(make_email("noor")) as client:
        await client.get("/api/catalog", params={"type": "sim"})
    scene.emulator.faults.change(fault)
    async with scene.another_process() as other, other.signed_in(make_email(name)) as client:
        answer = await client.post("/api/orders", json={"items": [{"sku": "SIM-3G"}]})
    assert answer.json()["code"] == "order_unconfirmed", answer.text
    scene.emulator.faults.reset()
    if is_late:
        past = datetime(2025, 1, 1, tzinfo=UTC).isoformat()
        await scene.list_rows(
            f"UPDATE orders SET claimed_until = '{past}', submit_by = '{past}' RETURNING id"
        )
