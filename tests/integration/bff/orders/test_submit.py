"""Submitting an order over HTTP: through the live gate once, or not at all."""

from typing import Any

import httpx
import pytest

from tests.integration.bff.orders.shop import (
    NET,
    ORDERS,
    SIM,
    forget_offers,
    list_orders,
    make_body,
    override,
    reprice,
    submit,
    warm,
)
from tests.integration.bff.scene import SHIBUYA, Scene, make_email
from tests.integration.sf_sync.org import change, update_account

pytestmark = pytest.mark.asyncio


async def submit_shown(scene: Scene, name: str, unit_price: str, currency: str) -> httpx.Response:
    """One SIM, at the price that the customer was shown."""
    body = {"items": [{"sku": SIM, "unitPrice": unit_price}], "currency": currency}
    async with scene.portal.signed_in(make_email(name)) as client:
        return await client.post(ORDERS, json=body)


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
        reprice(scene, SIM, 1_090)

        refused = await submit(scene, "sara", SIM)
        placed = await submit(scene, "sara", SIM)

        assert [problem["code"] for problem in refused.json()["problems"]] == ["offer_not_available"]
        assert placed.json()["total"] == "1090"

    @pytest.mark.parametrize("is_noticed", [False, True])
    async def test_by_another_price_than_the_customer_was_shown(
        self, scene: Scene, *, is_noticed: bool
    ) -> None:
        """Also when the catalogue knows the new price already; and by no price that is spelt otherwise."""
        await warm(scene)
        reprice(scene, SIM, 1_090)
        if is_noticed:
            await forget_offers(scene)

        refused = await submit_shown(scene, "sara", "990", "JPY")
        placed = await submit_shown(scene, "sara", "1090.00", "JPY")

        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "order_blocked")
        assert [(one["code"], one["data"]) for one in told["problems"]] == [
            ("offer_not_available", {"sku": SIM})
        ]
        assert (placed.status_code, placed.json()["total"]) == (201, "1090")

    async def test_by_another_currency_than_the_customer_was_shown(self, scene: Scene) -> None:
        refused = await submit_shown(scene, "sara", "990", "OMR")

        assert [problem["code"] for problem in refused.json()["problems"]] == ["offer_not_available"]
        assert list_orders(scene) == []

    async def test_by_a_shown_price_costs_no_call_of_the_next(self, scene: Scene) -> None:
        """Whoever sends odd prices makes nobody read the catalogue anew."""
        await warm(scene)
        await submit_shown(scene, "sara", "1", "JPY")
        scene.emulator.journal.clear()
        await submit_shown(scene, "sara", "1", "JPY")

        assert scene.list_calls() == []

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


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            ({"items": []}, 400),
            ({"items": [{"sku": SIM, "quantity": 0}]}, 400),
            ({"items": [{"sku": SIM, "price": "1"}]}, 400),
            ({"items": [{"sku": SIM}] * 21}, 400),
            ({"items": [{"sku": SIM, "quantity": 99}, {"sku": SIM}]}, 422),
            ({"items": [{"sku": SIM, "unitPrice": 990}]}, 400),
            ({"items": [{"sku": SIM, "unitPrice": "-1"}]}, 400),
            ({"items": [{"sku": SIM, "unitPrice": "1e9"}]}, 400),
            (make_body(SIM, currency="yen"), 400),
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
