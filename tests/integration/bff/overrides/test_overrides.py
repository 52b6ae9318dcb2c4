"""Exceptions from the gate: who may make them, what they lift, and that they are written down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bff.demo.people import DEMO_ORGS
from tests.integration.bff.scene import Scene, make_email

pytestmark = pytest.mark.asyncio

OVERRIDES = "/api/v1/gate-overrides"
SUPPORT, ADMIN = "support@staff.example", "admin@staff.example"


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def describe(scene: Scene, name: str, product_type: str = "internet", **changes: Any) -> dict[str, Any]:
    return {
        "accountId": scene.find_account(name)["Id"],
        "productType": product_type,
        "reason": "Engineer confirmed the line by phone",
        "endsAt": in_hours(24),
    } | changes


async def override(scene: Scene, body: Any, email: str = SUPPORT) -> httpx.Response:
    async with scene.portal.signed_in(email) as client:
        return await client.post(OVERRIDES, json=body)


async def evaluate(scene: Scene, name: str, *skus: str) -> list[str]:
    async with scene.portal.signed_in(make_email(name)) as client:
        answer = await client.post("/api/checkout/evaluate", json={"items": [{"sku": sku} for sku in skus]})
    return [problem["code"] for problem in answer.json()["problems"]]


class TestOverride:
    @pytest.mark.parametrize("email", [SUPPORT, ADMIN])
    async def test_lifts_the_block_of_its_product_type(self, scene: Scene, email: str) -> None:
        before = await evaluate(scene, "omar", "NET-HOME-1G", "SIM-3G")
        answer = await override(scene, describe(scene, "omar"), email)
        after = await evaluate(scene, "omar", "NET-HOME-1G", "SIM-3G")

        assert answer.status_code == 201
        assert answer.json()["createdBy"].startswith("staff:")
        assert before == ["eligibility_ineligible", "id_rejected"]
        assert after == ["id_rejected"]

    async def test_shows_the_plans_again(self, scene: Scene) -> None:
        await override(scene, describe(scene, "omar"))
        async with scene.portal.signed_in(make_email("omar")) as client:
            items = (await client.get("/api/catalog", params={"type": "internet"})).json()["items"]

        assert {item["fits"] for item in items} == {None}

    async def test_never_lifts_an_unknown_status(self, scene: Scene) -> None:
        await override(scene, describe(scene, "sara"))
        await scene.forget("sara")
        scene.emulator.faults.change({"unknown_picklist": True})

        assert await evaluate(scene, "sara", "NET-HOME-1G") == ["status_unknown"]

    async def test_ends_when_staff_end_it(self, scene: Scene) -> None:
        made = (await override(scene, describe(scene, "omar"))).json()
        await evaluate(scene, "omar", "NET-HOME-1G")
        async with scene.portal.signed_in(ADMIN) as client:
            ended = await client.delete(f"{OVERRIDES}/{made['id']}")
            again = await client.delete(f"{OVERRIDES}/{made['id']}")
            [listed] = (await client.get(OVERRIDES, params={"accountId": made["accountId"]})).json()["items"]

        assert (ended.status_code, again.status_code) == (204, 204)
        assert await evaluate(scene, "omar", "NET-HOME-1G") == ["eligibility_ineligible"]
        assert listed["endedBy"] != listed["createdBy"]

    async def test_is_written_down_with_its_reason(self, scene: Scene) -> None:
        made = (await override(scene, describe(scene, "omar"))).json()
        async with scene.portal.signed_in(SUPPORT) as client:
            await client.delete(f"{OVERRIDES}/{made['id']}")

        rows = await scene.list_rows(
            "SELECT action, detail FROM audit WHERE action LIKE 'gate.%' ORDER BY at"
        )
        assert [row["action"] for row in rows] == ["gate.overridden", "gate.override_ended"]
        assert rows[0]["detail"]["reason"] == "Engineer confirmed the line by phone"


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"endsAt": in_hours(-1)}, 422, "end_not_allowed"),
            ({"endsAt": in_hours(24 * 91)}, 422, "end_not_allowed"),
            ({"endsAt": "2030-01-01T00:00:00"}, 400, "invalid_request"),
            ({"reason": ""}, 400, "invalid_request"),
            ({"reason": "   "}, 400, "invalid_request"),
            ({"productType": "router"}, 400, "invalid_request"),
            ({"accountId": "500000000000001AAA"}, 400, "invalid_request"),
            ({"accountId": "001000000000ZZZAAA"}, 400, "invalid_request"),
            ({"accountId": "001000000000001AAA"}, 404, "not_found"),
            ({"note": "x"}, 400, "invalid_request"),
        ],
    )
    async def test_write_nothing(self, scene: Scene, changes: Any, status: int, code: str) -> None:
        answer = await override(scene, describe(scene, "omar", **changes))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await scene.list_rows("SELECT id FROM gate_overrides") == []

    @pytest.mark.parametrize("email", ["pos@staff.example", make_email("omar")])
    async def test_of_those_who_may_not(self, scene: Scene, email: str) -> None:
        answer = await override(scene, describe(scene, "omar"), email)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")

    async def test_of_an_override_that_is_not_there(self, scene: Scene) -> None:
        async with scene.portal.signed_in(SUPPORT) as client:
            answer = await client.delete(f"{OVERRIDES}/00000000-0000-4000-8000-000000000000")

        assert answer.status_code == 404


class TestTwoOrgs:
    async def test_an_override_is_its_own_orgs(self, scene: Scene) -> None:
        await override(scene, describe(scene, "omar"))

        async with scene.portal.adapters.database.transaction(DEMO_ORGS[1].id) as session:
            seen = await session.execute(text("SELECT id FROM gate_overrides"))
            ended = await session.execute(text("UPDATE gate_overrides SET ended_at = now()"))

        assert (seen.all(), ended.rowcount) == ([], 0)  # type: ignore[attr-defined]
