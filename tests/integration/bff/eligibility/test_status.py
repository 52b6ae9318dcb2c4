"""Reading the status over HTTP, on the demo people: each of them stands for a row of the table."""

from typing import Any

import httpx
import pytest

from tests.integration.bff.scene import STATUS, UMEDA, Scene, make_email

pytestmark = pytest.mark.asyncio


async def read(scene: Scene, name: str) -> httpx.Response:
    async with scene.portal.signed_in(make_email(name)) as client:
        return await client.get(STATUS)


class TestStatus:
    @pytest.mark.parametrize(
        ("name", "status", "action", "message"),
        [
            (
                "hana",
                "not_requested",
                "request_review",
                "Availability at your address has not been checked yet",
            ),
            ("noor", "not_requested", "add_address", "Add your address to check availability"),
            ("kenji", "pending", "wait_for_review", "Review in progress"),
            ("sara", "eligible", "none", "Eligible for: Home"),
            ("omar", "ineligible", "contact_support", "Not available"),
        ],
    )
    async def test_each_customer_has_one_status_and_one_next_action(
        self, scene: Scene, name: str, status: str, action: str, message: str
    ) -> None:
        answer = await read(scene, name)

        assert answer.status_code == 200
        body = answer.json()
        assert (body["status"], body["nextAction"]["code"], body["message"]) == (status, action, message)

    async def test_the_answer_has_the_shape_of_the_contract(self, scene: Scene) -> None:
        body = (await read(scene, "sara")).json()

        assert set(body) == {
            "status", "result", "requestedAt", "checkedAt", "notes", "caseId", "message", "nextAction", "freshness",
        }  # fmt: skip
        assert body["result"] == "Home"
        assert body["requestedAt"].endswith("Z")
        assert len(body["checkedAt"]) == len("2025-12-19T06:15:36Z")
        assert set(body["freshness"]) == {"asOf", "source", "stale"}

    async def test_a_stranger_sees_nothing(self, scene: Scene) -> None:
        async with scene.portal.connect() as client:
            answer = await client.get(STATUS)

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_staff_have_no_status(self, scene: Scene) -> None:
        async with scene.portal.signed_in("support@staff.example") as client:
            answer = await client.get(STATUS)

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


class TestPrice:
    async def test_a_miss_costs_one_call_and_a_hit_none(self, scene: Scene) -> None:
        first = (await read(scene, "sara")).json()
        calls_of_the_miss = scene.list_calls()
        second = (await read(scene, "sara")).json()

        assert len(calls_of_the_miss) == 1
        assert scene.list_calls() == calls_of_the_miss
        assert (first["freshness"]["source"], second["freshness"]["source"]) == ("salesforce", "cache")

    async def test_a_hit_asks_no_database(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("sara")) as client:
            await client.get(STATUS)
            await scene.portal.adapters.database.close()
            pool = scene.portal.adapters.database.engine.pool
            answer = await client.get(STATUS)

            assert answer.status_code == 200
            assert pool.checkedin() == 0  # type: ignore[attr-defined]


class TestOddSource:
    """Whatever Salesforce answers instead of a status: nobody is told that they are eligible."""

    @pytest.mark.parametrize("fault", ["html_error", "empty_body", "wrong_account_id", "unavailable"])
    async def test_an_unusable_answer_is_a_503_that_says_when_to_try_again(
        self, scene: Scene, fault: str
    ) -> None:
        scene.emulator.faults.change({fault: True})

        answer = await read(scene, "sara")

        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        assert int(answer.headers["Retry-After"]) == answer.json()["retryAfter"] > 0

    async def test_an_unknown_value_reads_as_unknown(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unknown_picklist": True})

        body = (await read(scene, "sara")).json()

        assert (body["status"], body["nextAction"]["code"]) == ("unknown", "contact_support")
        assert body["message"] == "The status cannot be confirmed right now"
        assert body["result"] is None

    async def test_an_account_that_is_gone_reads_as_unknown(self, scene: Scene) -> None:
        account_id = scene.find_account("sara")["Id"]
        with scene.emulator.org.transaction(user_id=scene.find_account("sara")["OwnerId"]) as transaction:
            transaction.delete("Account", account_id)

        body = (await read(scene, "sara")).json()

        assert (body["status"], body["nextAction"]["code"]) == ("unknown", "contact_support")

    async def test_recovers_with_the_next_request(self, scene: Scene) -> None:
        scene.emulator.faults.change({"html_error": True})
        await read(scene, "sara")
        scene.emulator.faults.reset()

        async with scene.another_process() as portal, portal.signed_in(make_email("sara")) as client:
            assert (await client.get(STATUS)).json()["status"] == "eligible"


async def ask(scene: Scene, name: str, body: dict[str, Any]) -> httpx.Response:
    async with scene.portal.signed_in(make_email(name)) as client:
        return await client.post("/api/eligibility/internet/request", json=body)


class TestLocalPart:
    async def test_a_request_that_waits_shows_as_pending_while_salesforce_is_away(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})
        accepted = (await ask(scene, "hana", {})).json()

        body = (await read(scene, "hana")).json()

        assert (body["status"], body["requestedAt"]) == ("pending", accepted["requestedAt"])
        assert (body["freshness"]["source"], body["freshness"]["stale"]) == ("portal", True)

    async def test_a_saved_address_shows_at_once(self, scene: Scene) -> None:
        assert (await read(scene, "noor")).json()["nextAction"]["code"] == "add_address"

        await ask(scene, "noor", {"address": UMEDA})
        await scene.decide("noor", "Not Requested")

        assert (await read(scene, "noor")).json()["nextAction"]["code"] == "request_review"
