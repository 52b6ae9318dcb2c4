"""Upsert by external id: created or updated, never doubled, and the race between two of them."""

import asyncio

import pytest

from tests.conformance.rest.caller import DATA, Caller, error_of

KEY = "sobjects/Case/Portal_Request_Id__c"


class TestUpsert:
    @pytest.mark.asyncio
    async def test_creates_once_and_then_updates(self, caller: Caller) -> None:
        created = await caller.call("PATCH", f"{KEY}/r-1", json={"Subject": "first"})
        updated = await caller.call("PATCH", f"{KEY}/R-1/", json={"Subject": "second"})

        case_id = created.json()["id"]
        assert (created.status_code, updated.status_code) == (201, 200)
        assert created.json() == {"id": case_id, "success": True, "errors": [], "created": True}
        assert updated.json() == {"id": case_id, "success": True, "errors": [], "created": False}
        assert created.headers["location"] == f"{DATA}/sobjects/Case/{case_id}"
        case = await caller.read("Case", case_id)
        assert (case["Subject"], case["Portal_Request_Id__c"]) == ("second", "r-1")

    @pytest.mark.asyncio
    async def test_decodes_the_value_in_the_path(self, caller: Caller) -> None:
        created = await caller.call("PATCH", f"{KEY}/a%20b%2Fc", json={})

        assert (await caller.read("Case", created.json()["id"]))["Portal_Request_Id__c"] == "a b/c"
        assert (await caller.call("GET", f"{KEY}/a%20b%2Fc")).json()["Id"] == created.json()["id"]

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("path", "status", "code"),
        [
            ("sobjects/Case/Subject/x", 404, "NOT_FOUND"),
            ("sobjects/Case/Unheard__c/x", 404, "NOT_FOUND"),
            ("sobjects/Unheard/Portal_Request_Id__c/x", 404, "NOT_FOUND"),
            (f"{KEY}/x?updateOnly=true", 404, "NOT_FOUND"),
            (f"{KEY}/{'x' * 37}", 400, "STRING_TOO_LONG"),
        ],
    )
    async def test_refuses(self, caller: Caller, path: str, status: int, code: str) -> None:
        answer = await caller.call("PATCH", path, json={})

        assert answer.status_code == status
        assert error_of(answer)["errorCode"] == code

    @pytest.mark.asyncio
    async def test_refuses_the_key_in_the_body(self, caller: Caller) -> None:
        answer = await caller.call("PATCH", f"{KEY}/x", json={"portal_request_id__c": "x"})

        assert answer.status_code == 400
        message = "The Portal_Request_Id__c field should not be specified in the sobject data."
        assert error_of(answer) == {"errorCode": "INVALID_FIELD", "message": message}

    @pytest.mark.asyncio
    async def test_by_id_only_updates(self, caller: Caller) -> None:
        case_id = await caller.create("Case")

        updated = await caller.call("PATCH", f"sobjects/Case/Id/{case_id}", json={"Subject": "x"})
        missing = await caller.call("PATCH", "sobjects/Case/Id/500Dp0000zzzzzz", json={"Subject": "x"})

        assert (updated.status_code, missing.status_code) == (200, 404)

    @pytest.mark.asyncio
    async def test_of_a_deleted_record_creates_another(self, caller: Caller) -> None:
        first = (await caller.call("PATCH", f"{KEY}/r-1", json={})).json()["id"]
        assert (await caller.call("DELETE", f"{KEY}/r-1")).status_code == 204

        again = await caller.call("PATCH", f"{KEY}/r-1", json={})

        assert again.status_code == 201
        assert again.json()["id"] != first


class TestSeveralMatches:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"Title": "x"}), ("DELETE", None)])
    async def test_are_answered_with_their_urls(
        self, caller: Caller, method: str, body: dict[str, str] | None
    ) -> None:
        values = {"LastName": "Sato", "Legacy_Customer_Id__c": "old-1"}
        ids = [await caller.create("Contact", **values) for _ in range(2)]

        answer = await caller.call(method, "sobjects/Contact/Legacy_Customer_Id__c/OLD-1", json=body)

        assert answer.status_code == 300
        assert answer.json() == [f"{DATA}/sobjects/Contact/{record_id}" for record_id in ids]
        assert [row["Title"] for row in await caller.select("SELECT Title FROM Contact")] == [None, None]

    @pytest.mark.asyncio
    async def test_are_an_error_of_their_row_in_collections(self, caller: Caller) -> None:
        for _ in range(2):
            await caller.create("Contact", LastName="Sato", Legacy_Customer_Id__c="old-1")
        record = {"attributes": {"type": "Contact"}, "Legacy_Customer_Id__c": "old-1", "Title": "x"}

        answer = await caller.call(
            "PATCH", "composite/sobjects/Contact/Legacy_Customer_Id__c", json={"records": [record]}
        )

        assert answer.json()[0]["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"


class TestRace:
    """`upsert_window_s` is the time between looking a key up and writing it."""

    @pytest.mark.asyncio
    async def test_gives_the_loser_the_winners_id(self, caller: Caller) -> None:
        caller.emulator.faults.upsert_window_s = 0.02

        answers = await asyncio.gather(*[caller.call("PATCH", f"{KEY}/r-1", json={}) for _ in range(5)])

        winners = [answer for answer in answers if answer.status_code == 201]
        losers = [answer for answer in answers if answer.status_code == 400]
        assert (len(winners), len(losers)) == (1, 4)
        for loser in losers:
            assert error_of(loser)["errorCode"] == "DUPLICATE_VALUE"
            assert winners[0].json()["id"] in error_of(loser)["message"]
        assert len(await caller.select("SELECT Id FROM Case")) == 1

    @pytest.mark.asyncio
    async def test_halts_the_whole_composite_of_the_loser(self, caller: Caller) -> None:
        caller.emulator.faults.upsert_window_s = 0.02
        account_id = await caller.create("Account", Name="Hana")
        body = {
            "allOrNone": True,
            "compositeRequest": [
                {"method": "PATCH", "url": f"{DATA}/{KEY}/r-1", "referenceId": "case", "body": {}},
                {
                    "method": "PATCH",
                    "url": f"{DATA}/sobjects/Account/{account_id}",
                    "referenceId": "account",
                    "body": {"Internet_Eligibility_Case_Id__c": "@{case.id}"},
                },
            ],
        }

        answers = await asyncio.gather(*[caller.call("POST", "composite", json=body) for _ in range(2)])

        outcomes = sorted(
            [sub["httpStatusCode"] for sub in answer.json()["compositeResponse"]] for answer in answers
        )
        assert outcomes == [[201, 204], [400, 400]]
        codes = {
            sub["body"][0]["errorCode"]
            for answer in answers
            for sub in answer.json()["compositeResponse"]
            if sub["httpStatusCode"] == 400
        }
        assert codes == {"DUPLICATE_VALUE", "PROCESSING_HALTED"}

    @pytest.mark.asyncio
    async def test_reaches_collections(self, caller: Caller) -> None:
        caller.emulator.faults.upsert_window_s = 0.02
        record = {"attributes": {"type": "Case"}, "Portal_Request_Id__c": "r-1"}
        body = {"records": [record]}

        answers = await asyncio.gather(
            *[
                caller.call("PATCH", "composite/sobjects/Case/Portal_Request_Id__c", json=body)
                for _ in range(2)
            ]
        )

        results = [answer.json()[0] for answer in answers]
        assert sorted(result["success"] for result in results) == [False, True]
        (failed,) = [result for result in results if not result["success"]]
        assert failed["errors"][0]["statusCode"] == "DUPLICATE_VALUE"

    @pytest.mark.asyncio
    async def test_does_not_touch_keys_that_exist(self, caller: Caller) -> None:
        await caller.call("PATCH", f"{KEY}/r-1", json={})
        caller.emulator.faults.upsert_window_s = 0.02

        answers = await asyncio.gather(*[caller.call("PATCH", f"{KEY}/r-1", json={}) for _ in range(3)])

        assert [answer.status_code for answer in answers] == [200, 200, 200]
