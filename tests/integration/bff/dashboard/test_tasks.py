"""The tiles of the demo people."""

from typing import Any

import pytest

from tests.integration.bff.scene import Scene, make_email
from tests.integration.sf_sync.org import update_account

pytestmark = pytest.mark.asyncio


async def list_tiles(scene: Scene, name: str) -> list[dict[str, Any]]:
    async with scene.portal.signed_in(make_email(name)) as client:
        answer = await client.get("/api/dashboard/tasks")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestTiles:
    @pytest.mark.parametrize(
        ("name", "codes"),
        [
            ("hana", ["eligibility_not_requested", "id_not_submitted"]),
            ("kenji", ["eligibility_pending", "id_under_review"]),
            ("sara", ["internet_available"]),
            ("omar", ["eligibility_ineligible", "id_rejected"]),
            ("noor", ["eligibility_not_requested", "id_not_submitted"]),
        ],
    )
    async def test_of_the_demo_people(self, scene: Scene, name: str, codes: list[str]) -> None:
        assert [tile["code"] for tile in await list_tiles(scene, name)] == codes

    async def test_have_words_and_a_next_action(self, scene: Scene) -> None:
        [_, tile] = await list_tiles(scene, "omar")

        assert tile == {
            "code": "id_rejected",
            "title": "ID rejected: send a new photo",
            "text": "Your ID was rejected. Please send a new, clear photo of your residence card.",
            "tone": "problem",
            "link": "/account/shop/sim",
            "nextAction": {"code": "resubmit_id", "label": "Send a new photo of your ID"},
        }

    async def test_tell_of_an_order_on_hold(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("kenji")) as client:
            placed = (await client.post("/api/orders", json={"items": [{"sku": "SIM-3G"}]})).json()
        update_account(
            scene.emulator, scene.find_account("kenji")["Id"], Id_Verification_Status__c="Rejected"
        )
        await scene.forget("kenji")

        tiles = await list_tiles(scene, "kenji")

        assert [tile["code"] for tile in tiles] == ["order_on_hold", "id_rejected", "eligibility_pending"]
        assert tiles[0]["link"] == f"/account/orders/{placed['id']}"

    async def test_are_one_while_salesforce_cannot_be_read(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        assert [tile["code"] for tile in await list_tiles(scene, "sara")] == ["source_unavailable"]

    async def test_cost_no_call_once_the_account_is_cached(self, scene: Scene) -> None:
        await list_tiles(scene, "sara")
        scene.emulator.journal.clear()
        await list_tiles(scene, "sara")

        assert scene.list_calls() == []

    async def test_are_for_customers(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            assert (await client.get("/api/dashboard/tasks")).status_code == 403
