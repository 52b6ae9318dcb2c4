"""sObject collections: many records in one call, with a result for each."""

from typing import Any

import pytest

from tests.conformance.rest.caller import Caller, error_of

MANY = "composite/sobjects"
ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


def account(**values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, **values}


async def send(caller: Caller, method: str, path: str, *records: Any, all_or_none: bool = False) -> list[Any]:
    answer = await caller.call(method, path, json={"allOrNone": all_or_none, "records": list(records)})
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()
    return results


class TestCreateAndUpdate:
    @pytest.mark.asyncio
    async def test_give_each_record_its_result(self, caller: Caller) -> None:
        results = await send(caller, "POST", MANY, account(Name="A"), account(), account(Name="C", Nope=1))

        assert results[0] == {"id": results[0]["id"], "success": True, "errors": []}
        assert results[1] == {
            "success": False,
            "errors": [
                {
                    "statusCode": "REQUIRED_FIELD_MISSING",
                    "message": "Required fields are missing: [Name]",
                    "fields": ["Name"],
                }
            ],
        }
        assert results[2]["errors"][0]["statusCode"] == "INVALID_FIELD"
        assert len(await caller.select("SELECT Id FROM Account")) == 1

    @pytest.mark.asyncio
    async def test_mark_the_innocent_when_all_or_none_fails(self, caller: Caller) -> None:
        results = await send(caller, "POST", MANY, account(Name="A"), account(), all_or_none=True)

        codes = [result["errors"][0]["statusCode"] for result in results]
        assert codes == [ROLLED_BACK, "REQUIRED_FIELD_MISSING"]
        assert await caller.select("SELECT Id FROM Account") == []

    @pytest.mark.asyncio
    async def test_change_records_of_several_types_in_one_commit(self, caller: Caller) -> None:
        account_id, case_id = await caller.create("Account", Name="A"), await caller.create("Case")
        before = len(caller.emulator.org.commits)

        results = await send(
            caller,
            "PATCH",
            MANY,
            account(id=account_id[:15], Site="North"),
            {"attributes": {"type": "Case"}, "Id": case_id, "Subject": "x"},
            account(Name="no id"),
            {"attributes": {"type": "Case"}, "id": account_id, "Subject": "x"},
            {"id": account_id},
        )

        assert [result["success"] for result in results] == [True, True, False, False, False]
        codes = [result["errors"][0]["statusCode"] for result in results[2:]]
        assert codes == ["MISSING_ARGUMENT", "MALFORMED_ID", "INVALID_TYPE"]
        assert len(caller.emulator.org.commits) == before + 1

    @pytest.mark.asyncio
    async def test_report_a_deleted_record_in_its_row(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="A")
        await caller.call("DELETE", f"sobjects/Account/{account_id}")

        (result,) = await send(caller, "PATCH", MANY, account(id=account_id, Site="x"))

        assert result["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


class TestUpsert:
    @pytest.mark.asyncio
    async def test_says_which_were_created(self, caller: Caller) -> None:
        path = f"{MANY}/Account/Portal_Customer_Id__c"
        await caller.create("Account", Name="A", Portal_Customer_Id__c="k-1")

        results = await send(
            caller,
            "PATCH",
            path,
            account(Portal_Customer_Id__c="k-1", Site="North"),
            account(Portal_Customer_Id__c="k-2", Name="B"),
            account(Name="C"),
        )

        assert [result.get("created") for result in results] == [False, True, None]
        assert results[2]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"

    @pytest.mark.asyncio
    async def test_refuses_a_field_that_is_no_external_id(self, caller: Caller) -> None:
        answer = await caller.call("PATCH", f"{MANY}/Account/Name", json={"records": [account(Name="A")]})

        assert answer.status_code == 404


class TestDelete:
    @pytest.mark.asyncio
    async def test_takes_ids_in_the_url(self, caller: Caller) -> None:
        first, second = await caller.create("Account", Name="A"), await caller.create("Case")

        answer = await caller.call("DELETE", f"{MANY}?ids={first},{second},500Dp0000zzzzzz&allOrNone=false")

        assert [result["success"] for result in answer.json()] == [True, True, False]

    @pytest.mark.asyncio
    async def test_keeps_all_when_one_is_missing_and_all_or_none_is_asked(self, caller: Caller) -> None:
        first = await caller.create("Account", Name="A")

        answer = await caller.call("DELETE", f"{MANY}?ids={first},001Dp0000zzzzzz&allOrNone=true")

        codes = [result["errors"][0]["statusCode"] for result in answer.json()]
        assert codes == [ROLLED_BACK, "NOT_FOUND"]
        assert len(await caller.select("SELECT Id FROM Account")) == 1


class TestRead:
    @pytest.mark.asyncio
    async def test_answers_null_for_what_is_not_there(self, caller: Caller) -> None:
        first, second = [await caller.create("Account", Name=name) for name in "AB"]
        await caller.call("DELETE", f"sobjects/Account/{second}")
        body = {"ids": [first[:15], "001Dp0000zzzzzz", second, first], "fields": ["name"]}

        by_body = await caller.call("POST", f"{MANY}/Account", json=body)
        by_url = await caller.call("GET", f"{MANY}/Account?ids={','.join(body['ids'])}&fields=name")

        records = by_body.json()
        assert records == by_url.json()
        assert [record and record["Name"] for record in records] == ["A", None, None, "A"]
        assert list(records[0]) == ["attributes", "Id", "Name"]

    @pytest.mark.asyncio
    async def test_takes_two_thousand_ids_as_one_call(self, caller: Caller) -> None:
        with caller.emulator.org.transaction(user_id=caller.user_id) as transaction:
            ids = [transaction.insert("Account", {"Name": f"A{n}"}) for n in range(2_000)]
        before = caller.emulator.journal.counted

        answer = await caller.call("POST", f"{MANY}/Account", json={"ids": ids, "fields": ["Id"]})

        assert [record["Id"] for record in answer.json()] == ids
        assert caller.emulator.journal.counted == before + 1

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"ids": [], "fields": ["Id"]}, "LIMIT_EXCEEDED"),
            ({"ids": ["001Dp0000zzzzzz"] * 2_001, "fields": ["Id"]}, "LIMIT_EXCEEDED"),
            ({"ids": ["001Dp0000zzzzzz"], "fields": []}, "MISSING_ARGUMENT"),
            ({"ids": ["001Dp0000zzzzzz"], "fields": ["Nope"]}, "INVALID_FIELD"),
            ({"ids": ["nonsense"], "fields": ["Id"]}, "MALFORMED_ID"),
            ({"ids": ["003Dp0000zzzzzz"], "fields": ["Id"]}, "MALFORMED_ID"),
            ({"ids": "001Dp0000zzzzzz", "fields": ["Id"]}, "JSON_PARSER_ERROR"),
            ({"ids": ["001Dp0000zzzzzz"], "fields": ["Id"], "more": 1}, "JSON_PARSER_ERROR"),
        ],
    )
    async def test_refuses(self, caller: Caller, body: dict[str, Any], code: str) -> None:
        answer = await caller.call("POST", f"{MANY}/Account", json=body)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code


class TestLimits:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"records": [account(Name="A")] * 201}, "LIMIT_EXCEEDED"),
            ({"records": []}, "LIMIT_EXCEEDED"),
            ({"records": [account(Name="A"), {"attributes": {"type": "Case"}}] * 6}, "LIMIT_EXCEEDED"),
            ({"records": {}}, "JSON_PARSER_ERROR"),
            ({"records": ["x"]}, "JSON_PARSER_ERROR"),
            ({"record": [account(Name="A")]}, "JSON_PARSER_ERROR"),
        ],
    )
    async def test_are_kept(self, caller: Caller, body: dict[str, Any], code: str) -> None:
        answer = await caller.call("POST", MANY, json=body)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code
