"""One record at a time: create, read, update, delete, and every way in which a value is refused."""

import re
from typing import Any

import pytest

from sf_sync.ids import is_record_id
from tests.conformance.rest.caller import DATA, Caller, error_of


class TestCreate:
    @pytest.mark.asyncio
    async def test_answers_201_with_id_and_location(self, caller: Caller) -> None:
        answer = await caller.call("POST", "sobjects/Account/", json={"Name": "Hana Sato"})

        body = answer.json()
        assert answer.status_code == 201
        assert body == {"id": body["id"], "success": True, "errors": []}
        assert is_record_id(body["id"], prefix="001")
        assert len(body["id"]) == 18
        assert answer.headers["location"] == f"{DATA}/sobjects/Account/{body['id']}"

    @pytest.mark.asyncio
    async def test_fills_system_fields_and_defaults(self, caller: Caller) -> None:
        case = await caller.read("Case", await caller.create("Case", Subject="A question"))

        assert case["Status"] == "New"
        assert case["IsClosed"] is False
        assert case["IsDeleted"] is False
        assert case["OwnerId"] == case["CreatedById"] == caller.user_id
        assert re.fullmatch(r"\d{8}", case["CaseNumber"])
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.000\+0000", case["CreatedDate"])
        assert case["CreatedDate"] == case["SystemModstamp"] == case["LastModifiedDate"]
        assert case["attributes"] == {"type": "Case", "url": f"{DATA}/sobjects/Case/{case['Id']}"}

    @pytest.mark.asyncio
    async def test_counts_case_numbers_up(self, caller: Caller) -> None:
        first, second = [await caller.read("Case", await caller.create("Case")) for _ in range(2)]

        assert int(second["CaseNumber"]) == int(first["CaseNumber"]) + 1

    @pytest.mark.asyncio
    async def test_takes_values_in_any_spelling_the_platform_takes(self, caller: Caller) -> None:
        parent = await caller.create("Account", Name="Parent")
        account_id = await caller.create(
            "Account",
            name="  Kenji Mori ",
            ParentId=parent[:15],
            NumberOfEmployees="12",
            AnnualRevenue=10.4,
            Site="",
            Internet_Eligibility_Request_Date_Time__c="2026-01-02T03:04:05+09:00",
            attributes={"type": "Account"},
        )

        account = await caller.read("Account", account_id)
        assert account["Name"] == "Kenji Mori"
        assert account["ParentId"] == parent
        assert account["NumberOfEmployees"] == 12
        assert account["Site"] is None
        assert account["Internet_Eligibility_Request_Date_Time__c"] == "2026-01-01T18:04:05.000+0000"

    @pytest.mark.asyncio
    async def test_finds_a_parent_by_its_external_id(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Parent", Portal_Customer_Id__c="key-1")
        case_id = await caller.create("Case", Account={"Portal_Customer_Id__c": "KEY-1"})

        assert (await caller.read("Case", case_id))["AccountId"] == account_id


NOBODY = "001Dp0000ZZZZZZAAA"
ACCOUNT_REFUSALS: list[tuple[dict[str, Any], str, list[str] | None]] = [
    ({}, "REQUIRED_FIELD_MISSING", ["Name"]),
    ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
    ({"Name": "  "}, "REQUIRED_FIELD_MISSING", ["Name"]),
    ({"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
    ({"Name": 5}, "JSON_PARSER_ERROR", None),
    ({"Name": {"a": 1}}, "JSON_PARSER_ERROR", None),
    ({"Name": "A", "Nickname": "B"}, "INVALID_FIELD", None),
    ({"Name": "A", "Internet_Eligibility_Status__c": "Maybe"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
     ["Internet_Eligibility_Status__c"]),
    ({"Name": "A", "Internet_Eligibility_Status__c": "pending"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
     ["Internet_Eligibility_Status__c"]),
    ({"Name": "A", "ParentId": "not an id"}, "MALFORMED_ID", ["ParentId"]),
    ({"Name": "A", "ParentId": "003Dp0000000001AAA"}, "MALFORMED_ID", ["ParentId"]),
    ({"Name": "A", "ParentId": "001Dp0000zzzzzz"}, "INVALID_CROSS_REFERENCE_KEY", ["ParentId"]),
    ({"Name": "A", "NumberOfEmployees": "many"}, "JSON_PARSER_ERROR", None),
    ({"Name": "A", "NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", None),
    ({"Name": "A", "NumberOfEmployees": 2**31}, "NUMBER_OUTSIDE_VALID_RANGE", ["NumberOfEmployees"]),
    ({"Name": "A", "Id_Verification_Submitted_Date_Time__c": "yesterday"}, "JSON_PARSER_ERROR", None),
    ({"Name": "A", "Id_Verification_Submitted_Date_Time__c": "2026-01-02T03:04:05"}, "JSON_PARSER_ERROR", None),
    ({"Name": "A", "Id": "001Dp0000000001IAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Id"]),
    ({"Name": "A", "CreatedDate": "2026-01-02T03:04:05Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
    ({"Name": "A", "SystemModstamp": "2026-01-02T03:04:05Z", "IsDeleted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE",
     ["SystemModstamp", "IsDeleted"]),
    ({"Name": "A", "RecordTypeId": "012Dp0000000003IAA"}, "INVALID_CROSS_REFERENCE_KEY", ["RecordTypeId"]),
]  # fmt: skip
CASE_REFUSALS: list[tuple[dict[str, Any], str, list[str] | None]] = [
    ({"SuppliedEmail": "hana.example"}, "INVALID_EMAIL_ADDRESS", ["SuppliedEmail"]),
    ({"Status": None}, "REQUIRED_FIELD_MISSING", ["Status"]),
    ({"IsEscalated": "perhaps"}, "JSON_PARSER_ERROR", None),
    ({"IsEscalated": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["IsEscalated"]),
    ({"CaseNumber": "00000001"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CaseNumber"]),
    ({"IsClosed": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsClosed"]),
    ({"Account": {"Portal_Customer_Id__c": "nobody"}}, "INVALID_FIELD", []),
]


class TestRefusedValues:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("values", "code", "fields"), ACCOUNT_REFUSALS)
    async def test_of_an_account(
        self, caller: Caller, values: dict[str, Any], code: str, fields: list[str] | None
    ) -> None:
        answer = await caller.call("POST", "sobjects/Account", json=values)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code
        assert error_of(answer).get("fields") == fields
        assert caller.emulator.org.commits[1:] == []

    @pytest.mark.asyncio
    @pytest.mark.parametrize(("values", "code", "fields"), CASE_REFUSALS)
    async def test_of_a_case(
        self, caller: Caller, values: dict[str, Any], code: str, fields: list[str] | None
    ) -> None:
        answer = await caller.call("POST", "sobjects/Case", json=values)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code
        assert error_of(answer).get("fields") == fields

    @pytest.mark.asyncio
    async def test_in_an_update_leave_the_record_as_it_was(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")
        before = await caller.read("Account", account_id)

        answer = await caller.call(
            "PATCH", f"sobjects/Account/{account_id}", json={"Industry": "Retail", "Name": None}
        )

        assert error_of(answer)["errorCode"] == "REQUIRED_FIELD_MISSING"
        assert await caller.read("Account", account_id) == before

    @pytest.mark.asyncio
    async def test_name_the_existing_record_of_a_unique_key(self, caller: Caller) -> None:
        first = await caller.create("Account", Name="A", Portal_Customer_Id__c="Key-1")

        answer = await caller.call(
            "POST", "sobjects/Account", json={"Name": "B", "Portal_Customer_Id__c": "kEY-1"}
        )

        assert answer.status_code == 400
        assert error_of(answer) == {
            "errorCode": "DUPLICATE_VALUE",
            "message": f"duplicate value found: Portal_Customer_Id__c duplicates value on record with id: {first}",
            "fields": [],
        }

    @pytest.mark.asyncio
    @pytest.mark.parametrize("entity", ["User", "RecordType", "Organization"])
    async def test_of_what_the_api_may_only_read(self, caller: Caller, entity: str) -> None:
        answer = await caller.call("POST", f"sobjects/{entity}", json={"Name": "x"})

        assert error_of(answer)["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


class TestRead:
    @pytest.mark.asyncio
    async def test_gives_all_fields_or_the_chosen_ones(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana", BillingCity="Tokyo")

        whole = await caller.read("Account", account_id[:15])
        assert whole["BillingAddress"]["city"] == "Tokyo"
        assert whole["ShippingAddress"] is None
        assert whole["Internet_Eligibility_Status__c"] is None

        answer = await caller.call("GET", f"sobjects/account/{account_id}", params={"fields": "name, Id"})
        assert list(answer.json()) == ["attributes", "Name", "Id"]

    @pytest.mark.asyncio
    async def test_refuses_an_unknown_field(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")

        answer = await caller.call("GET", f"sobjects/Account/{account_id}?fields=Id,Nickname")

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == "INVALID_FIELD"

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("path", "status", "code", "message"),
        [
            ("sobjects/Account/001Dp0000zzzzzz", 404, "NOT_FOUND", "The requested resource does not exist"),
            ("sobjects/Account/003Dp0000zzzzzz", 404, "NOT_FOUND", "The requested resource does not exist"),
            ("sobjects/Account/001Dp0000000001AAB", 400, "MALFORMED_ID", "malformed id 001Dp0000000001AAB"),
            (
                "sobjects/Account/nobody",
                404,
                "NOT_FOUND",
                "Provided external ID field does not exist or is not accessible: nobody",
            ),
            ("sobjects/Unheard/001Dp0000zzzzzz", 404, "NOT_FOUND", "The requested resource does not exist"),
        ],
    )
    async def test_refuses_what_is_not_there(
        self, caller: Caller, path: str, status: int, code: str, message: str
    ) -> None:
        answer = await caller.call("GET", path)

        assert answer.status_code == status
        assert error_of(answer) == {"errorCode": code, "message": message}


class TestUpdate:
    @pytest.mark.asyncio
    async def test_changes_given_fields_only_and_null_clears(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana", Industry="Retail", Site="North")

        answer = await caller.call(
            "PATCH", f"sobjects/Account/{account_id}", json={"Site": None, "Rating": "Hot"}
        )

        assert (answer.status_code, answer.content) == (204, b"")
        account = await caller.read("Account", account_id)
        assert (account["Industry"], account["Site"], account["Rating"]) == ("Retail", None, "Hot")

    @pytest.mark.asyncio
    async def test_closes_a_case_by_its_status(self, caller: Caller) -> None:
        case_id = await caller.create("Case")

        await caller.call("PATCH", f"sobjects/Case/{case_id}", json={"Status": "Closed"})
        closed = await caller.read("Case", case_id)
        await caller.call("PATCH", f"sobjects/Case/{case_id}", json={"Status": "Working"})
        reopened = await caller.read("Case", case_id)

        assert closed["IsClosed"] is True
        assert closed["ClosedDate"] is not None
        assert (reopened["IsClosed"], reopened["ClosedDate"]) == (False, None)

    @pytest.mark.asyncio
    async def test_refuses_an_id_in_the_body(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")

        answer = await caller.call("PATCH", f"sobjects/Account/{account_id}", json={"Id": account_id})

        assert error_of(answer)["errorCode"] == "INVALID_FIELD"

    @pytest.mark.asyncio
    async def test_may_be_sent_as_a_post_with_an_override(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")

        answer = await caller.call(
            "POST", f"sobjects/Account/{account_id}?_HttpMethod=PATCH", json={"Site": "North"}
        )

        assert answer.status_code == 204
        assert (await caller.read("Account", account_id))["Site"] == "North"


class TestDelete:
    @pytest.mark.asyncio
    async def test_is_soft_and_final(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")

        first = await caller.call("DELETE", f"sobjects/Account/{account_id}")
        second = await caller.call("DELETE", f"sobjects/Account/{account_id}")
        read = await caller.call("GET", f"sobjects/Account/{account_id}")

        assert (first.status_code, first.content) == (204, b"")
        for answer in (second, read):
            assert answer.status_code == 404
            assert error_of(answer) == {
                "errorCode": "ENTITY_IS_DELETED",
                "message": "entity is deleted",
                "fields": [],
            }
        assert await caller.select("SELECT Id FROM Account") == []
        (row,) = await caller.select("SELECT Id, IsDeleted FROM Account", resource="queryAll")
        assert row["IsDeleted"] is True

    @pytest.mark.asyncio
    async def test_takes_owned_children_along_and_is_refused_while_cases_remain(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")
        contact_id = await caller.create("Contact", LastName="Sato", AccountId=account_id)
        case_id = await caller.create("Case", AccountId=account_id)

        refused = await caller.call("DELETE", f"sobjects/Account/{account_id}")
        assert error_of(refused)["errorCode"] == "DELETE_FAILED"

        await caller.call("DELETE", f"sobjects/Case/{case_id}")
        assert (await caller.call("DELETE", f"sobjects/Account/{account_id}")).status_code == 204
        assert (await caller.call("GET", f"sobjects/Contact/{contact_id}")).status_code == 404

    @pytest.mark.asyncio
    async def test_frees_a_unique_key(self, caller: Caller) -> None:
        first = await caller.create("Account", Name="A", Portal_Customer_Id__c="key")
        await caller.call("DELETE", f"sobjects/Account/{first}")

        assert await caller.create("Account", Name="B", Portal_Customer_Id__c="key") != first


class TestConditionalRequests:
    @pytest.mark.asyncio
    async def test_use_etags_on_accounts(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")
        path = f"sobjects/Account/{account_id}"
        tag = (await caller.call("GET", path)).headers["etag"]
        assert re.fullmatch(r'"[0-9a-f]+--gzip"', tag)

        assert (await caller.call("GET", path, headers={"If-None-Match": tag})).status_code == 304
        changed = await caller.call("PATCH", path, json={"Site": "North"}, headers={"If-Match": tag})
        late = await caller.call("PATCH", path, json={"Site": "South"}, headers={"If-Match": tag})

        assert changed.status_code == 204
        assert late.status_code == 412
        assert (await caller.read("Account", account_id))["Site"] == "North"
        assert (await caller.call("GET", path, headers={"If-None-Match": tag})).status_code == 200

    @pytest.mark.asyncio
    async def test_have_times_but_no_etags_elsewhere(self, caller: Caller) -> None:
        path = f"sobjects/Case/{await caller.create('Case')}"
        answer = await caller.call("GET", path)

        assert "etag" not in answer.headers
        modified = answer.headers["last-modified"]
        assert (await caller.call("GET", path, headers={"If-Modified-Since": modified})).status_code == 304
        past = {"If-Unmodified-Since": "Mon, 06 Jan 2020 00:00:00 GMT"}
        assert (await caller.call("PATCH", path, json={"Subject": "x"}, headers=past)).status_code == 412
        broken = await caller.call(
            "PATCH", path, json={"Subject": "x"}, headers={"If-Unmodified-Since": "Monday"}
        )
        assert broken.status_code == 400
