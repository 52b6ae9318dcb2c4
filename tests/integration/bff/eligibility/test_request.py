"""Asking for a review over HTTP: what is accepted, what is refused, and that there is one Case whatever happens."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.bff.scene import REQUEST, SHIBUYA, STATUS, UMEDA, Scene, make_email

pytestmark = pytest.mark.asyncio


async def ask(scene: Scene, name: str, body: Any = None, **headers: str) -> httpx.Response:
    async with scene.portal.signed_in(make_email(name)) as client:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(REQUEST, json=body or {}, headers=sent)


async def look(scene: Scene, name: str) -> None:
    """Visit the page first, as people do: the status is cached from here on."""
    async with scene.portal.signed_in(make_email(name)) as client:
        await client.get(STATUS)


class TestAccepted:
    async def test_the_answer_is_the_new_status_with_its_case(self, scene: Scene) -> None:
        answer = await ask(scene, "hana", {"sku": "INTERNET-HOME-1G", "notes": "Blue door"})

        body = answer.json()
        [case] = scene.list_cases("hana")
        assert answer.status_code == 202
        assert (body["status"], body["nextAction"]["code"]) == ("pending", "wait_for_review")
        assert body["message"] == "Review in progress"
        assert body["caseId"] == case["Id"]
        assert body["freshness"] | {"asOf": ""} == {"asOf": "", "source": "salesforce", "stale": False}

    async def test_the_reviewer_finds_account_contact_address_product_and_notes(self, scene: Scene) -> None:
        await ask(scene, "hana", {"sku": "INTERNET-HOME-1G", "notes": "Blue door"})

        account, [case] = scene.find_account("hana"), scene.list_cases("hana")
        assert account["Internet_Eligibility_Status__c"] == "Pending"
        assert account["Internet_Eligibility_Case_Id__c"] == case["Id"]
        assert account["Internet_Eligibility_Request_Date_Time__c"]
        assert case["ContactId"]
        assert case["Portal_Product_Sku__c"] == "INTERNET-HOME-1G"
        assert case["Portal_Notes__c"] == "Blue door"
        assert case["Portal_Service_Address__c"].splitlines() == [
            "302, Sakura Heights", "1-2-3 Jingumae", "Shibuya", "Tokyo 150-0001", "JP",
        ]  # fmt: skip

    @pytest.mark.parametrize("content", [b"", b"{}"])
    async def test_nothing_need_be_sent(self, scene: Scene, content: bytes) -> None:
        async with scene.portal.signed_in() as client:
            answer = await client.post(REQUEST, content=content, headers={"Content-Type": "application/json"})

        assert (answer.status_code, answer.json()["status"]) == (202, "pending")

    async def test_request_and_status_agree(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as client:
            asked = (await client.post(REQUEST, json={})).json()
            shown = (await client.get(STATUS)).json()

        assert {**asked, "freshness": None} == {**shown, "freshness": None}

    async def test_it_costs_one_call(self, scene: Scene) -> None:
        await look(scene, "hana")
        scene.emulator.journal.clear()

        await ask(scene, "hana", {})

        assert [call.split("/")[-1] for call in scene.list_calls()] == ["composite"]

    async def test_it_costs_one_call_also_when_nothing_is_cached(self, scene: Scene) -> None:
        await ask(scene, "hana", {})

        assert [call.split("/")[-1] for call in scene.list_calls()] == ["composite"]

    async def test_an_address_in_the_request_becomes_the_default_where_there_was_none(
        self, scene: Scene
    ) -> None:
        answer = await ask(scene, "noor", {"address": {**UMEDA, "deliveryNotes": "Ring twice"}})

        [row] = await scene.list_rows(
            "SELECT * FROM addresses WHERE city = 'Osaka' AND street = '3-1-1 Umeda' AND building IS NULL"
        )
        assert answer.status_code == 202
        assert (row["country"], row["is_default"], row["delivery_notes"]) == ("JP", True, "Ring twice")

    async def test_an_address_in_the_request_leaves_the_one_on_file_alone(self, scene: Scene) -> None:
        await ask(scene, "hana", {"address": UMEDA})

        [case] = scene.list_cases("hana")
        assert case["Portal_Service_Address__c"].startswith("3-1-1 Umeda")
        rows = await scene.list_rows("SELECT street FROM addresses WHERE is_default ORDER BY street")
        assert UMEDA["street"] not in [row["street"] for row in rows if row["street"] != "3-1-1 Umeda"]

    async def test_it_is_audited(self, scene: Scene) -> None:
        await ask(scene, "hana", {})

        [line] = await scene.list_rows("SELECT * FROM audit WHERE action = 'eligibility.requested'")
        assert line["subject"] == f"account:{scene.find_account('hana')['Id']}"


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "body", "status", "code", "action"),
        [
            ("noor", {}, 422, "address_required", "add_address"),
            ("sara", {}, 409, "already_eligible", "none"),
            ("omar", {}, 409, "address_already_reviewed", "contact_support"),
        ],
    )
    async def test_with_a_code_a_sentence_and_a_next_action(
        self, scene: Scene, name: str, body: Any, status: int, code: str, action: str
    ) -> None:
        await look(scene, name)

        answer = await ask(scene, name, body)

        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["nextAction"]["code"]) == (status, code, action)
        assert answer.headers["content-type"] == "application/problem+json"
        assert await scene.list_rows("SELECT id FROM eligibility_requests") == []

    @pytest.mark.parametrize(
        ("name", "status", "code"),
        [("sara", 409, "already_eligible"), ("omar", 409, "address_already_reviewed")],
    )
    async def test_also_when_only_the_call_itself_finds_out(
        self, scene: Scene, name: str, status: int, code: str
    ) -> None:
        answer = await ask(scene, name, {})

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["nextAction"]["code"] in ("none", "contact_support")
        [row] = await scene.list_rows("SELECT state FROM eligibility_requests")
        assert row["state"] == "superseded"
        assert scene.list_cases(name) == []

    async def test_while_the_status_is_unknown(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unknown_picklist": True})
        await look(scene, "hana")

        answer = await ask(scene, "hana", {})

        assert (answer.status_code, answer.json()["code"]) == (409, "status_unknown")

    async def test_for_another_spelling_of_the_reviewed_address(self, scene: Scene) -> None:
        spelt = {
            "building": "harbour view", "apartment": "７B", "street": "2 - 8 - 1 MINATOMIRAI", "area": "Nishi",
            "city": "Yokohama", "postalCode": "220 0012",
        }  # fmt: skip

        answer = await ask(scene, "omar", {"address": spelt})

        assert answer.json()["code"] == "address_already_reviewed"

    async def test_after_too_many_with_the_time_to_wait(self, scene: Scene) -> None:
        async with scene.portal.signed_in(make_email("kenji")) as client:
            limit = scene.portal.settings.eligibility_requests_per_minute
            answers = [await client.post(REQUEST, json={}) for _ in range(limit + 1)]

        assert [answer.status_code for answer in answers] == [200] * limit + [429]
        assert answers[-1].json()["code"] == "too_many_requests"
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60

    @pytest.mark.parametrize(
        "body",
        [
            {"address": {"city": "Tokyo"}},
            {"address": {**SHIBUYA, "street": "   "}},
            {"address": {**SHIBUYA, "street": "x" * 201}},
            {"address": {**SHIBUYA, "country": "Japan"}},
            {"address": {**SHIBUYA, "latitude": 91}},
            {"address": {**SHIBUYA, "zip": "1"}},
            {"address": {**SHIBUYA, "city": "To\u0000kyo"}},
            {"notes": "x" * 2001},
            {"sku": "no spaces"},
            {"notes": 7},
            {"status": "Eligible"},
            [],
        ],
    )
    async def test_when_the_request_is_not_in_the_expected_form(self, scene: Scene, body: Any) -> None:
        async with scene.portal.signed_in(make_email("noor")) as client:
            answer = await client.post(REQUEST, json=body)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert await scene.list_rows("SELECT id FROM eligibility_requests") == []


class TestRepeated:
    async def test_while_pending_it_finds_the_same_case(self, scene: Scene) -> None:
        first = await ask(scene, "hana", {})
        second = await ask(scene, "hana", {"address": UMEDA})

        assert (first.status_code, second.status_code) == (202, 200)
        assert second.json()["caseId"] == first.json()["caseId"]
        assert len(scene.list_cases("hana")) == 1

    async def test_with_the_same_key_it_gets_the_same_answer(self, scene: Scene) -> None:
        first = await ask(scene, "hana", {}, Idempotency_Key="one")
        await scene.decide("hana", "Ineligible")
        second = await ask(scene, "hana", {}, Idempotency_Key="one")

        assert (first.status_code, second.status_code) == (202, 202)
        assert first.json() == second.json()

    async def test_with_the_same_key_and_another_body_it_is_refused(self, scene: Scene) -> None:
        await ask(scene, "hana", {}, Idempotency_Key="one")
        second = await ask(scene, "hana", {"notes": "other"}, Idempotency_Key="one")

        assert (second.status_code, second.json()["code"]) == (422, "idempotency_key_reused")

    async def test_a_refusal_leaves_its_key_free(self, scene: Scene) -> None:
        refused = await ask(scene, "noor", {}, Idempotency_Key="one")
        accepted = await ask(scene, "noor", {"address": UMEDA}, Idempotency_Key="one")

        assert (refused.status_code, accepted.status_code) == (422, 202)

    async def test_after_a_refused_address_another_one_is_accepted_and_keeps_the_first_time(
        self, scene: Scene
    ) -> None:
        first_at = scene.find_account("omar")["Internet_Eligibility_Request_Date_Time__c"]

        answer = await ask(scene, "omar", {"address": SHIBUYA})

        account = scene.find_account("omar")
        assert answer.status_code == 202
        assert account["Internet_Eligibility_Status__c"] == "Pending"
        assert account["Internet_Eligibility_Request_Date_Time__c"] == first_at

    async def test_after_two_refused_addresses_the_last_one_counts_as_reviewed(self, scene: Scene) -> None:
        await ask(scene, "omar", {"address": SHIBUYA})
        await scene.decide("omar", "Ineligible")

        same = await ask(scene, "omar", {"address": {**SHIBUYA, "postalCode": "1500001"}})
        other = await ask(scene, "omar", {"address": UMEDA})

        assert same.json()["code"] == "address_already_reviewed"
        assert other.status_code == 202


class TestParallel:
    async def test_fifty_clicks_at_once_open_one_case(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as client:
            keys = [{"Idempotency-Key": f"click-{number}"} for number in range(50)]
            answers = await asyncio.gather(*(client.post(REQUEST, json={}, headers=key) for key in keys))

        assert {answer.status_code for answer in answers} <= {200, 202}
        assert {answer.json()["status"] for answer in answers} == {"pending"}
        assert len(scene.list_cases("hana")) == 1
        assert (
            len(await scene.list_rows("SELECT id FROM eligibility_requests WHERE state = 'delivered'")) == 1
        )

    async def test_fifty_clicks_with_one_key_get_one_answer(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as client:
            key = {"Idempotency-Key": "the-one"}
            answers = await asyncio.gather(*(client.post(REQUEST, json={}, headers=key) for _ in range(50)))

        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.text for answer in answers}) == 1
        assert len(scene.list_cases("hana")) == 1


class TestLostAnswers:
    @pytest.mark.parametrize("fault", ["cut_after_commit", "cut_before", "html_error", "empty_body"])
    async def test_a_lost_answer_never_makes_a_second_case(self, scene: Scene, fault: str) -> None:
        scene.emulator.faults.change(
            {fault: True, "times": 1, "path_prefix": "/services/data/v66.0/composite"}
        )
        await scene.forget("hana")

        answer = await ask(scene, "hana", {})
        await scene.deliver()
        repeated = await ask(scene, "hana", {})

        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        assert (repeated.status_code, repeated.json()["status"]) == (200, "pending")
        [case] = scene.list_cases("hana")
        assert repeated.json()["caseId"] == case["Id"]


class TestSalesforceAway:
    async def test_the_request_is_accepted_and_delivered_later(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})
        answer = await ask(scene, "hana", {"notes": "Blue door"})
        assert scene.list_cases("hana") == []
        scene.emulator.faults.reset()

        await scene.deliver()

        body = answer.json()
        assert (answer.status_code, body["status"], body["caseId"]) == (202, "pending", None)
        assert (body["freshness"]["source"], body["freshness"]["stale"]) == ("portal", True)
        [case] = scene.list_cases("hana")
        assert case["Portal_Notes__c"] == "Blue door"
        async with scene.another_process() as portal, portal.signed_in() as client:
            shown = (await client.get(STATUS)).json()
        assert (shown["status"], shown["caseId"], shown["requestedAt"]) == (
            "pending",
            case["Id"],
            body["requestedAt"],
        )

    async def test_asking_again_meanwhile_finds_the_request_that_waits(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        first, second = await ask(scene, "hana", {}), await ask(scene, "hana", {})

        assert (first.status_code, second.status_code) == (202, 200)
        assert first.json()["requestedAt"] == second.json()["requestedAt"]

    async def test_an_address_is_needed_all_the_same(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})

        assert (await ask(scene, "noor", {})).json()["code"] == "address_required"

    @pytest.mark.parametrize(
        ("name", "shown"), [("sara", "eligible"), ("omar", "ineligible"), ("kenji", "pending")]
    )
    async def test_what_salesforce_decided_before_stands_when_it_is_back(
        self, scene: Scene, name: str, shown: str
    ) -> None:
        cases = len(scene.list_cases(name))
        scene.emulator.faults.change({"unavailable": True})
        assert (await ask(scene, name, {})).status_code == 202
        scene.emulator.faults.reset()

        await scene.deliver()

        [row] = await scene.list_rows("SELECT state FROM eligibility_requests")
        assert row["state"] == "superseded"
        assert len(scene.list_cases(name)) == cases
        async with scene.another_process() as portal, portal.signed_in(make_email(name)) as client:
            assert (await client.get(STATUS)).json()["status"] == shown

    async def test_a_different_address_is_still_asked_about_when_it_is_back(self, scene: Scene) -> None:
        scene.emulator.faults.change({"unavailable": True})
        await ask(scene, "omar", {"address": SHIBUYA})
        scene.emulator.faults.reset()

        await scene.deliver()

        assert scene.find_account("omar")["Internet_Eligibility_Status__c"] == "Pending"


class TestChangedMeanwhile:
    async def test_a_decision_that_the_cache_has_not_seen_is_not_undone(self, scene: Scene) -> None:
        async with scene.portal.signed_in() as client:
            await client.get(STATUS)
            from_cache = await client.get(STATUS)
            with scene.emulator.org.transaction(user_id=scene.find_account("hana")["OwnerId"]) as transaction:
                values = {"Internet_Eligibility_Status__c": "Eligible", "Internet_Eligibility__c": "Home"}
                transaction.update("Account", scene.find_account("hana")["Id"], values)
            answer = await client.post(REQUEST, json={})

        assert from_cache.json()["status"] == "not_requested"
        assert (answer.status_code, answer.json()["code"]) == (409, "already_eligible")
        assert scene.find_account("hana")["Internet_Eligibility_Status__c"] == "Eligible"
        assert scene.list_cases("hana") == []
