"""The gate's evaluation over HTTP: what carts of the demo people are told."""

from typing import Any

import pytest

from tests.integration.bff.scene import Scene, make_email

pytestmark = pytest.mark.asyncio

EVALUATE = "/api/checkout/evaluate"


async def evaluate(scene: Scene, name: str, *skus: str) -> dict[str, Any]:
    async with scene.portal.signed_in(make_email(name)) as client:
        answer = await client.post(EVALUATE, json={"items": [{"sku": sku} for sku in skus]})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def summarise(body: dict[str, Any]) -> tuple[bool, list[str], str]:
    return body["canSubmit"], [one["code"] for one in body["problems"]], body["nextAction"]["code"]


class TestEvaluation:
    @pytest.mark.parametrize(
        ("name", "skus", "expected"),
        [
            ("sara", ["NET-HOME-1G", "SIM-3G"], (True, [], "none")),
            ("sara", ["NET-APT-1G"], (False, ["offer_not_available"], "none")),
            ("sara", ["INTERNET-HOME-1G"], (False, ["offer_not_available"], "none")),
            ("hana", ["NET-APT-1G"], (False, ["eligibility_not_requested"], "request_review")),
            ("noor", ["NET-APT-1G"], (False, ["eligibility_not_requested"], "add_address")),
            ("kenji", ["SIM-3G"], (True, [], "none")),
            ("kenji", ["SIM-3G", "NET-HOME-1G"], (False, ["eligibility_pending"], "wait_for_review")),
            (
                "hana",
                ["SIM-3G", "NET-HOME-1G", "ROUTER"],
                (
                    False,
                    ["offer_not_available", "eligibility_not_requested", "id_not_submitted"],
                    "request_review",
                ),
            ),
            (
                "omar",
                ["NET-HOME-1G", "SIM-3G"],
                (False, ["eligibility_ineligible", "id_rejected"], "resubmit_id"),
            ),
        ],
    )
    async def test_of_the_demo_people(
        self, scene: Scene, name: str, skus: list[str], expected: tuple[bool, list[str], str]
    ) -> None:
        assert summarise(await evaluate(scene, name, *skus)) == expected

    async def test_tells_what_the_reviewer_said(self, scene: Scene) -> None:
        body = await evaluate(scene, "omar", "SIM-3G")

        assert body["problems"] == [
            {
                "code": "id_rejected",
                "productType": "sim",
                "message": "Your ID was rejected. Please send a new, clear photo of your residence card.",
                "blocking": True,
                "data": {
                    "status": "rejected",
                    "reviewerMessage": "The photo is too blurry to read the card number.",
                },
            }
        ]

    async def test_tells_for_which_addresses_a_plan_is(self, scene: Scene) -> None:
        body = await evaluate(scene, "sara", "NET-APT-1G")

        assert body["problems"][0]["data"] == {"sku": "NET-APT-1G", "fits": ["Apartment"], "result": "Home"}

    async def test_costs_no_call_once_catalogue_and_account_are_cached(self, scene: Scene) -> None:
        await evaluate(scene, "sara", "NET-HOME-1G")
        scene.emulator.journal.clear()
        await evaluate(scene, "sara", "NET-HOME-1G", "SIM-3G")

        assert scene.list_calls() == []

    async def test_without_salesforce_lets_nothing_through(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        body = await evaluate(scene, "sara", "NET-HOME-1G")

        assert summarise(body) == (False, ["source_unavailable"], "none")
        assert body["problems"][0]["data"]["retryAfter"] >= 1

    async def test_of_more_items_than_an_order_takes_is_refused(self, scene: Scene) -> None:
        items = [{"sku": f"SIM-{number}"} for number in range(21)]
        async with scene.portal.signed_in() as client:
            assert (await client.post(EVALUATE, json={"items": items})).status_code == 400
