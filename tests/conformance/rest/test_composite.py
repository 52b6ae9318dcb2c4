"""Composite: references, all or none, and what is refused."""

from typing import Any

import pytest

from tests.conformance.rest.caller import DATA, Caller, error_of

HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def part(method: str, path: str, reference_id: str, **rest: Any) -> dict[str, Any]:
    return {"method": method, "url": f"{DATA}/{path}", "referenceId": reference_id, **rest}


async def run(caller: Caller, *parts: dict[str, Any], all_or_none: bool = True) -> list[dict[str, Any]]:
    answer = await caller.call(
        "POST", "composite", json={"allOrNone": all_or_none, "compositeRequest": list(parts)}
    )
    assert answer.status_code == 200, answer.text
    response: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return response


def statuses(response: list[dict[str, Any]]) -> list[int]:
    return [sub["httpStatusCode"] for sub in response]


class TestReferences:
    @pytest.mark.asyncio
    async def test_reach_into_records_in_url_and_body(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")

        response = await run(
            caller,
            part("GET", "query?q=SELECT+Id,Name,Owner.Name+FROM+Account+WHERE+Name='Hana'", "guard"),
            part("PATCH", "sobjects/Case/Portal_Request_Id__c/r-1", "case",
                 body={"AccountId": "@{guard.records[0].Id}", "Subject": "For @{guard.records[0].Owner.Name}"}),
            part("PATCH", "sobjects/Account/@{guard.records[0].Id}", "account",
                 body={"Internet_Eligibility_Case_Id__c": "@{case.id}"}),
            part("GET", "sobjects/Case/@{case.id}?fields=CaseNumber,Subject,AccountId", "read"),
        )  # fmt: skip

        assert statuses(response) == [200, 201, 204, 200]
        assert [sub["referenceId"] for sub in response] == ["guard", "case", "account", "read"]
        case_id = response[1]["body"]["id"]
        assert response[1]["httpHeaders"] == {"Location": f"{DATA}/sobjects/Case/{case_id}"}
        assert response[2]["body"] is None
        assert response[3]["body"]["AccountId"] == account_id
        assert response[3]["body"]["Subject"] == "For Portal Integration"
        assert (await caller.read("Account", account_id))["Internet_Eligibility_Case_Id__c"] == case_id

    @pytest.mark.asyncio
    async def test_reach_into_collections(self, caller: Caller) -> None:
        records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", "B")]

        response = await run(
            caller,
            part("POST", "composite/sobjects", "accounts", body={"records": records}),
            part("POST", "sobjects/Case", "case", body={"AccountId": "@{accounts[1].id}"}),
        )

        case = await caller.read("Case", response[1]["body"]["id"])
        assert case["AccountId"] == response[0]["body"][1]["id"]

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "reference",
        ["@{guard.records[0].Id}", "@{guard.rows[0].Id}", "@{nobody.id}", "@{guard.records}", "@{guard[0]}"],
    )
    async def test_without_a_value_halt_all_or_none(self, caller: Caller, reference: str) -> None:
        response = await run(
            caller,
            part("GET", "query?q=SELECT+Id+FROM+Account+WHERE+Name='nobody'", "guard"),
            part("POST", "sobjects/Case", "case", body={"AccountId": reference}),
            part("POST", "sobjects/Account", "account", body={"Name": "A"}),
        )

        assert statuses(response) == [400, 400, 400]
        assert response[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
        assert response[1]["body"][0]["message"].startswith("Invalid reference specified. No value for")
        for sub in (response[0], response[2]):
            assert sub["body"] == [{"errorCode": "PROCESSING_HALTED", "message": HALTED}]
        assert await caller.select("SELECT Id FROM Case") == []

    @pytest.mark.asyncio
    async def test_to_a_failed_part_halt_only_their_own_part_without_all_or_none(
        self, caller: Caller
    ) -> None:
        response = await run(
            caller,
            part("POST", "sobjects/Account", "bad", body={}),
            part("POST", "sobjects/Case", "case", body={"AccountId": "@{bad.id}"}),
            part("POST", "sobjects/Account", "good", body={"Name": "A"}),
            all_or_none=False,
        )

        assert statuses(response) == [400, 400, 201]
        assert response[0]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
        assert response[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"

    @pytest.mark.asyncio
    async def test_are_case_sensitive(self, caller: Caller) -> None:
        response = await run(
            caller,
            part("POST", "sobjects/Account", "Account", body={"Name": "A"}),
            part("POST", "sobjects/Case", "case", body={"AccountId": "@{account.id}"}),
        )

        assert statuses(response) == [400, 400]


class TestAllOrNone:
    @pytest.mark.asyncio
    async def test_is_one_commit(self, caller: Caller) -> None:
        before = len(caller.emulator.org.commits)

        await run(
            caller,
            part("POST", "sobjects/Account", "account", body={"Name": "A"}),
            part("POST", "sobjects/Case", "case", body={"AccountId": "@{account.id}"}),
            part("PATCH", "sobjects/Account/@{account.id}", "again", body={"Site": "North"}),
        )

        (commit,) = caller.emulator.org.commits[before:]
        assert [(change.entity, change.kind) for change in commit.changes] == [
            ("Account", "CREATE"),
            ("Case", "CREATE"),
        ]
        assert commit.origin == "com/salesforce/api/rest/66.0;client=conformance"
        assert commit.changes[0].after is not None
        assert commit.changes[0].after["Site"] == "North"

    @pytest.mark.asyncio
    async def test_keeps_the_error_of_the_first_failure_and_undoes_the_rest(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana", Site="North")
        before = caller.emulator.org.last_commit_number

        response = await run(
            caller,
            part("PATCH", f"sobjects/Account/{account_id}", "first", body={"Site": "South"}),
            part("DELETE", f"sobjects/Account/{account_id}", "gone"),
            part("POST", "sobjects/Case", "bad", body={"Status": "Nope"}),
            part("POST", "sobjects/Case", "good", body={}),
        )

        assert statuses(response) == [400, 400, 400, 400]
        codes = [sub["body"][0]["errorCode"] for sub in response]
        assert codes == [
            "PROCESSING_HALTED",
            "PROCESSING_HALTED",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "PROCESSING_HALTED",
        ]
        assert (await caller.read("Account", account_id))["Site"] == "North"
        assert caller.emulator.org.last_commit_number == before

    @pytest.mark.asyncio
    async def test_overrides_the_setting_of_a_collection_in_it(self, caller: Caller) -> None:
        records = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Account"}}]

        response = await run(
            caller,
            part("POST", "sobjects/Account", "first", body={"Name": "B"}),
            part("POST", "composite/sobjects", "many", body={"records": records, "allOrNone": False}),
        )

        assert response[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
        assert [result["errors"][0]["statusCode"] for result in response[1]["body"]] == [
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "REQUIRED_FIELD_MISSING",
        ]
        assert await caller.select("SELECT Id FROM Account") == []

    @pytest.mark.asyncio
    async def test_counts_as_one_call(self, caller: Caller) -> None:
        before = caller.emulator.journal.counted

        await run(caller, *[part("POST", "sobjects/Case", f"c{n}", body={}) for n in range(25)])

        assert caller.emulator.journal.counted == before + 1


class TestSubrequests:
    @pytest.mark.asyncio
    async def test_carry_headers_of_their_own(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")
        headers = {"If-Unmodified-Since": "Mon, 06 Jan 2020 00:00:00 GMT"}

        response = await run(
            caller,
            part("GET", f"sobjects/Account/{account_id}?fields=Id", "read"),
            part("PATCH", f"sobjects/Account/{account_id}", "late", body={"Site": "x"}, httpHeaders=headers),
            all_or_none=False,
        )

        assert "ETag" in response[0]["httpHeaders"]
        assert response[1]["httpStatusCode"] == 412

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("sub", "status"),
        [
            ({"method": "GET", "url": "/services/data/v66.0/limits"}, 400),
            ({"method": "POST", "url": "/services/data/v66.0/composite", "body": {}}, 400),
            ({"method": "TRACE", "url": "/services/data/v66.0/sobjects/Account"}, 400),
            ({"method": "PUT", "url": "/services/data/v66.0/sobjects/Account"}, 405),
            ({"method": "GET", "url": "/services/data/v66.0/sobjects//Account"}, 404),
            ({"method": "GET", "url": "/services/data/v99.0/sobjects/Account"}, 404),
            ({"method": "GET", "url": "/services/data/v25.0/sobjects/Account"}, 410),
            ({"method": "GET", "url": "https://elsewhere.example/services/data/v66.0/sobjects/Account"}, 404),
            ({"method": "GET", "url": "sobjects/Account"}, 404),
            ({"method": "POST", "url": "/services/data/v66.0/sobjects/Account", "body": [1]}, 400),
        ],
    )
    async def test_are_refused_one_by_one(self, caller: Caller, sub: dict[str, Any], status: int) -> None:
        (answer,) = await run(caller, {"referenceId": "x", **sub}, all_or_none=False)

        assert answer["httpStatusCode"] == status
        assert answer["body"][0]["errorCode"]


GET = {"method": "GET", "url": f"{DATA}/sobjects/Account", "referenceId": "a"}
MALFORMED: list[tuple[Any, str]] = [
    ({}, "JSON_PARSER_ERROR"),
    ([], "JSON_PARSER_ERROR"),
    ({"compositeRequest": []}, "LIMIT_EXCEEDED"),
    ({"compositeRequest": [{**GET, "referenceId": f"r{n}"} for n in range(26)]}, "LIMIT_EXCEEDED"),
    ({"compositeRequest": [{"method": "GET", "url": f"{DATA}/query?q=x", "referenceId": f"r{n}"} for n in range(6)]},
     "LIMIT_EXCEEDED"),
    ({"compositeRequest": [GET, GET]}, "INVALID_INPUT"),
    ({"compositeRequest": [{**GET, "referenceId": "a b"}]}, "INVALID_INPUT"),
    ({"compositeRequest": [{**GET, "referenceID": "b"}]}, "JSON_PARSER_ERROR"),
    ({"compositeRequest": [GET], "allornone": True}, "JSON_PARSER_ERROR"),
    ({"compositeRequest": [GET], "allOrNone": "yes"}, "JSON_PARSER_ERROR"),
]  # fmt: skip


class TestMalformed:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("body", "code"), MALFORMED)
    async def test_requests_are_refused_whole(self, caller: Caller, body: Any, code: str) -> None:
        answer = await caller.call("POST", "composite", json=body)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code


class TestBatch:
    @pytest.mark.asyncio
    async def test_runs_each_part_for_itself(self, caller: Caller) -> None:
        parts = [
            {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "A"}},
            {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {}},
            {"method": "GET", "url": "v66.0/query?q=SELECT+Name+FROM+Account"},
        ]
        answer = (await caller.call("POST", "composite/batch/", json={"batchRequests": parts})).json()

        assert answer["hasErrors"] is True
        assert [result["statusCode"] for result in answer["results"]] == [201, 400, 200]
        assert answer["results"][2]["result"]["records"][0]["Name"] == "A"

    @pytest.mark.asyncio
    async def test_stops_at_an_error_when_told_to(self, caller: Caller) -> None:
        parts = [
            {"method": "GET", "url": "v66.0/sobjects/Nope"},
            {"method": "POST", "url": "v66.0/sobjects/Case", "richInput": {}},
        ]
        body = {"batchRequests": parts, "haltOnError": True}
        answer = (await caller.call("POST", "composite/batch", json=body)).json()

        assert [result["statusCode"] for result in answer["results"]] == [404, 412]
        assert answer["results"][1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
        assert await caller.select("SELECT Id FROM Case") == []

    @pytest.mark.asyncio
    async def test_refuses_to_nest(self, caller: Caller) -> None:
        parts = [{"method": "POST", "url": "v66.0/composite", "richInput": {}}]
        answer = (await caller.call("POST", "composite/batch", json={"batchRequests": parts})).json()

        assert answer["results"][0]["statusCode"] == 400


class TestUnsupportedCompositeResources:
    @pytest.mark.asyncio
    @pytest.mark.parametrize("path", ["composite/tree/Account", "composite/graph", "composite/unheard"])
    async def test_are_not_found(self, caller: Caller, path: str) -> None:
        answer = await caller.call("POST", path, json={})

        assert answer.status_code == 404
        assert error_of(answer)["errorCode"] == "NOT_FOUND"
