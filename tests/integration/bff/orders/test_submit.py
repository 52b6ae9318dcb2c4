"""Submitting an order over HTTP: through the live gate once, or not at all."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.bff.scene import SHIBUYA, Scene, make_email
from tests.integration.sf_sync.org import change, update_account

pytestmark = pytest.mark.asyncio

ORDERS = "/api/orders"
NET, SIM = "NET-HOME-1G", "SIM-3G"


def make_body(*skus: str, **more: Any) -> dict[str, Any]:
    return {"items": [{"sku": sku} for sku in skus], **more}


async def submit(scene: Scene, name: str, *skus: str, key: str | None = None, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    async with scene.portal.signed_in(make_email(name)) as client:
        return await client.post(ORDERS, json=make_body(*skus, **more), headers=headers)


async def warm(scene: Scene) -> None:
    """The catalogue is read and cached."""
    async with scene.portal.signed_in(make_email("noor")) as client:
        await client.get("/api/catalog", params={"type": "sim"})
    scene.emulator.journal.clear()


def list_orders(scene: Scene) -> list[Any]:
    return list(scene.emulator.org.select("Order"))


class TestPlaced:
    async def test_the_answer_tells_lines_totals_and_checks(self, scene: Scene) -> None:
        body = {"items": [{"sku": NET}, {"sku": SIM, "quantity": 2}]}
        async with scene.portal.signed_in(make_email("sara")) as client:
            answer = await client.post(ORDERS, json=body)

        told = answer.json()
        assert answer.status_code == 201
        assert (told["status"], told["currency"], told["total"]) == ("placed", "JPY", "7700")
        assert told["lines"] == [
            {
                "sku": NET,
                "name": "Home Internet 1 Gbps",
                "productType": "internet",
                "quantity": 1,
                "unitPrice": "5720",
                "total": "5720",
            },
            {
                "sku": SIM,
                "name": "SIM 3 GB",
                "productType": "sim",
                "quantity": 2,
                "unitPrice": "990",
                "total": "1980",
            },
        ]
        assert [
            (row["code"], row["isRequired"], row["status"], row["message"]) for row in told["checks"]
        ] == [
            ("internet_eligibility", True, "eligible", "Eligible for: Home"),
            ("id_verification", True, "verified", "Verified"),
        ]
        assert (told["problems"], told["nextAction"]["code"]) == ([], "none")

    async def test_it_is_in_salesforce_under_its_id(self, scene: Scene) -> None:
        told = (await submit(scene, "sara", NET, SIM)).json()

        [order] = list_orders(scene)
        assert order["Portal_Order_Id__c"] == told["id"]
        assert order["AccountId"] == scene.find_account("sara")["Id"]
        assert (order["Type"], order["TotalAmount"]) == ("Mixed", 6_710.0)

    async def test_it_costs_one_call(self, scene: Scene) -> None:
        await warm(scene)
        await submit(scene, "sara", NET, SIM)

        assert [call.split("/")[-1] for call in scene.list_calls()] == ["composite"]

    async def test_a_submitted_document_is_enough_for_a_sim(self, scene: Scene) -> None:
        answer = await submit(scene, "kenji", SIM)

        assert answer.status_code == 201
        assert answer.json()["nextAction"]["code"] == "wait_for_review"

    async def test_the_same_sku_twice_is_one_line(self, scene: Scene) -> None:
        told = (await submit(scene, "sara", SIM, SIM)).json()

        assert [(line["quantity"], line["total"]) for line in told["lines"]] == [(2, "1980")]

    async def test_the_delivery_block_goes_with_it(self, scene: Scene) -> None:
        delivery = {
            "contactName": " Sara Ito ",
            "notes": "Ring twice",
            "address": SHIBUYA,
            "dropoff": {"phoneNumber": "090-1234-5678"},
        }

        told = (await submit(scene, "sara", SIM, delivery=delivery)).json()

        [order] = list_orders(scene)
        assert told["delivery"]["dropoff"] == {"phoneNumber": "+819012345678"}
        assert told["delivery"]["address"]["postalCode"] == "150-0001"
        assert order["Portal_Delivery_Phone__c"] == "+819012345678"
        assert order["Portal_Delivery_Contact__c"] == "Sara Ito"
        assert (order["ShippingStreet"], order["ShippingCity"]) == ("1-2-3 Jingumae", "Tokyo")
        assert order["Description"].splitlines()[-1] == "Ring twice"

    async def test_a_delivery_without_an_address_goes_to_the_one_on_file(self, scene: Scene) -> None:
        told = (await submit(scene, "sara", SIM, delivery={"notes": "Ring twice"})).json()

        assert told["delivery"]["address"]["city"] == "Nagoya"

    async def test_it_is_audited_and_the_decision_is_kept(self, scene: Scene) -> None:
        told = (await submit(scene, "sara", NET)).json()

        [decision] = await scene.list_rows("SELECT * FROM gate_decisions")
        [audited] = await scene.list_rows("SELECT * FROM audit WHERE action = 'order.placed'")
        assert str(decision["order_id"]) == told["id"]
        assert (decision["outcome"], decision["read_source"], decision["rules_version"]) == (
            "allowed",
            "salesforce",
            1,
        )
        assert decision["inputs"]["internet"] == {"status": "eligible", "result": "Home", "stale": False}
        assert audited["subject"] == f"order:{told['id']}"

    async def test_the_phone_number_is_in_no_log_line_and_no_decision(
        self, scene: Scene, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        await submit(scene, "sara", SIM, delivery={"dropoff": {"phoneNumber": "090-1234-5678"}})
        await submit(scene, "omar", SIM, delivery={"dropoff": {"phoneNumber": "090-1234-5678"}})

        kept = await scene.list_rows("SELECT inputs::text || problems::text AS text FROM gate_decisions")
        audited = await scene.list_rows("SELECT detail::text AS text FROM audit")
        logged = caplog.text + "".join(capfd.readouterr())
        assert "12345678" not in logged + "".join(row["text"] for row in kept + audited)

    async def test_an_override_lets_it_through(self, scene: Scene) -> None:
        await override(scene, "omar", "internet")

        assert (await submit(scene, "omar", "NET-APT-1G")).status_code == 201


async def override(scene: Scene, name: str, product_type: str) -> None:
    body = {
        "accountId": scene.find_account(name)["Id"],
        "productType": product_type,
        "reason": "Confirmed by an engineer",
        "endsAt": "2026-12-19T00:00:00Z",
    }
    async with scene.portal.signed_in("support@staff.example") as client:
        answer = await client.post("/api/v1/gate-overrides", json=body)
    assert answer.status_code == 201, answer.text


class TestBlocked:
    @pytest.mark.parametrize(
        ("name", "skus"),
        [
            ("hana", [NET]),
            ("hana", [SIM]),
            ("hana", [NET, SIM]),
            ("kenji", [NET]),
            ("omar", [NET]),
            ("omar", [SIM]),
            ("omar", [NET, SIM]),
            ("noor", [NET]),
            ("sara", ["NET-APT-1G"]),
            ("sara", ["ROUTER"]),
            ("sara", [NET, "ROUTER"]),
        ],
    )
    @pytest.mark.parametrize("is_cached", [True, False], ids=["cached", "live"])
    async def test_with_the_problems_of_the_evaluation(
        self, scene: Scene, name: str, skus: list[str], is_cached: bool
    ) -> None:
        async with scene.portal.signed_in(make_email(name)) as client:
            evaluated = (await client.post("/api/checkout/evaluate", json=make_body(*skus))).json()
            if not is_cached:
                await scene.forget(name)
            answer = await client.post(ORDERS, json=make_body(*skus))

        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "order_blocked")
        assert answer.headers["content-type"] == "application/problem+json"
        assert told["problems"] == evaluated["problems"]
        assert told["nextAction"] == evaluated["nextAction"]
        assert list_orders(scene) == []

    async def test_by_what_is_cached_costs_no_call(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("omar")) as client:
            await client.post("/api/checkout/evaluate", json=make_body(SIM))
            scene.emulator.journal.clear()
            await client.post(ORDERS, json=make_body(SIM))

        assert scene.list_calls() == []

    async def test_by_salesforce_in_spite_of_what_is_cached(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("sara")) as client:
            await client.post("/api/checkout/evaluate", json=make_body(NET))
            update_account(
                scene.emulator, scene.find_account("sara")["Id"], Internet_Eligibility_Status__c="Ineligible"
            )
            answer = await client.post(ORDERS, json=make_body(NET))

        assert [problem["code"] for problem in answer.json()["problems"]] == ["eligibility_ineligible"]
        assert list_orders(scene) == []

    async def test_by_a_new_price_until_the_customer_has_seen_it(self, scene: Scene) -> None:
        await warm(scene)
        entry = next(scene.emulator.org.select("PricebookEntry", lambda row: row["ProductCode"] == SIM))
        with change(scene.emulator) as transaction:
            transaction.update("PricebookEntry", entry["Id"], {"UnitPrice": 1_090})

        refused = await submit(scene, "sara", SIM)
        placed = await submit(scene, "sara", SIM)

        assert [problem["code"] for problem in refused.json()["problems"]] == ["offer_not_available"]
        assert placed.json()["total"] == "1090"

    async def test_by_a_value_that_nobody_knows(self, scene: Scene) -> None:
        await warm(scene)
        scene.emulator.faults.change({"unknown_picklist": True})

        answer = await submit(scene, "omar", NET)

        assert (answer.status_code, answer.json()["nextAction"]["code"]) == (409, "contact_support")
        assert [problem["code"] for problem in answer.json()["problems"]] == ["status_unknown"]

    async def test_by_an_unknown_value_even_with_an_override(self, scene: Scene) -> None:
        await override(scene, "omar", "internet")
        with change(scene.emulator) as transaction:
            transaction.update(
                "Account",
                scene.find_account("omar")["Id"],
                {"Internet_Eligibility_Status__c": "Ineligible"},
            )
        await warm(scene)
        scene.emulator.faults.change({"unknown_picklist": True})

        answer = await submit(scene, "omar", NET)

        assert (answer.status_code, answer.json()["code"]) == (409, "order_blocked")

    async def test_when_the_account_is_gone(self, scene: Scene) -> None:
        with change(scene.emulator) as transaction:
            transaction.delete("Account", scene.find_account("hana")["Id"])

        answer = await submit(scene, "hana", SIM)

        assert [problem["code"] for problem in answer.json()["problems"]] == ["status_unknown"]

    async def test_keeps_the_decision_for_the_support_desk(self, scene: Scene) -> None:
        told = (await submit(scene, "omar", NET, SIM)).json()
        account_id = scene.find_account("omar")["Id"]

        async with scene.portal.signed_in("support@staff.example") as client:
            asked = await client.get("/api/v1/gate-decisions", params={"accountId": account_id[:15]})
            [decision] = asked.json()["items"]
            by_order = await client.get("/api/v1/gate-decisions", params={"orderId": decision["orderId"]})

        assert decision["id"] == told["decisionId"]
        assert (decision["outcome"], decision["nextAction"]) == ("blocked", "resubmit_id")
        assert [problem["code"] for problem in decision["problems"]] == [
            "eligibility_ineligible",
            "id_rejected",
        ]
        assert decision["inputs"]["sim"] == {"status": "rejected", "result": None, "stale": False}
        assert by_order.json()["items"] == [decision]

    async def test_decisions_are_for_the_support_desk_alone(self, scene: Scene) -> None:
        for email in ("pos@staff.example", make_email("omar")):
            async with scene.portal.signed_in(email) as client:
                answer = await client.get(
                    "/api/v1/gate-decisions", params={"accountId": scene.find_account("omar")["Id"]}
                )
            assert answer.status_code == 403

    async def test_an_account_or_an_order_must_be_named(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            assert (await client.get("/api/v1/gate-decisions")).status_code == 400


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


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            ({"items": []}, 400),
            ({"items": [{"sku": SIM, "quantity": 0}]}, 400),
            ({"items": [{"sku": SIM, "price": "1"}]}, 400),
            ({"items": [{"sku": SIM}] * 21}, 400),
            (make_body(SIM, accountId="001"), 400),
            (make_body(SIM, delivery={"dropoff": {}}), 400),
            (make_body(SIM, delivery={"phone": "1"}), 400),
            (make_body(SIM, delivery={"contactName": " "}), 400),
            (make_body(SIM, delivery={"dropoff": {"phoneNumber": "12"}}), 422),
            (make_body(SIM, delivery={"dropoff": {"phoneNumber": "x" * 65}}), 400),
        ],
    )
    async def test_writes_nothing(self, scene: Scene, body: Any, status: int) -> None:
        async with scene.portal.signed_in(make_email("sara")) as client:
            answer = await client.post(ORDERS, json=body)

        assert answer.status_code == status, answer.text
        assert await scene.list_rows("SELECT id FROM orders") == []
        assert list_orders(scene) == []

    async def test_a_key_has_visible_characters(self, scene: Scene) -> None:
        assert (await submit(scene, "sara", SIM, key="a b")).status_code == 400

    async def test_orders_are_customers(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            assert (await client.post(ORDERS, json=make_body(SIM))).status_code == 403
