"""Describe, record types, and the feeds of updated and deleted records."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sf_sync.emulator.app import create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.rest.caller import DATA, Caller, error_of


class TestDescribe:
    @pytest.mark.asyncio
    async def test_lists_the_objects(self, caller: Caller) -> None:
        body = (await caller.call("GET", "sobjects")).json()

        assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
        objects = {each["name"]: each for each in body["sobjects"]}
        assert objects["Case"]["keyPrefix"] == "500"
        assert objects["User"]["createable"] is False
        assert {
            "Account",
            "Contact",
            "Case",
            "Product2",
            "PricebookEntry",
            "Order",
            "OrderItem",
        } <= objects.keys()

    @pytest.mark.asyncio
    async def test_shows_an_object_with_its_latest_records(self, caller: Caller) -> None:
        account_id = await caller.create("Account", Name="Hana")
        body = (await caller.call("GET", "sobjects/Account/")).json()

        assert body["objectDescribe"]["name"] == "Account"
        assert body["recentItems"][0]["Id"] == account_id
        assert body["recentItems"][0]["Name"] == "Hana"

    @pytest.mark.asyncio
    async def test_tells_what_each_field_is(self, caller: Caller) -> None:
        body = (await caller.call("GET", "sobjects/account/describe/")).json()
        fields = {field["name"]: field for field in body["fields"]}

        assert facts(fields["Name"], "type", "length", "nillable", "nameField") == (
            "string",
            255,
            False,
            True,
        )
        status = fields["Internet_Eligibility_Status__c"]
        assert facts(status, "type", "restrictedPicklist", "custom") == ("picklist", True, True)
        assert [value["value"] for value in status["picklistValues"]] == [
            "Not Requested",
            "Pending",
            "Eligible",
            "Ineligible",
        ]
        key = fields["Portal_Customer_Id__c"]
        assert facts(key, "externalId", "unique", "idLookup", "length") == (True, True, True, 36)
        assert facts(fields["OwnerId"], "referenceTo", "relationshipName") == (["User"], "Owner")
        assert facts(fields["BillingCity"], "compoundFieldName") == ("BillingAddress",)
        assert facts(fields["SystemModstamp"], "createable", "updateable") == (False, False)
        children = {child["relationshipName"]: child["childSObject"] for child in body["childRelationships"]}
        assert children["Cases"] == "Case"

    @pytest.mark.asyncio
    async def test_names_the_record_types_that_queries_find(self, caller: Caller) -> None:
        infos = (await caller.call("GET", "sobjects/Case/describe")).json()["recordTypeInfos"]
        (row,) = await caller.select(
            "SELECT Id, DeveloperName FROM RecordType WHERE SobjectType = 'Case' "
            "AND DeveloperName = 'Internet_Eligibility' AND IsActive = true"
        )

        (info,) = [each for each in infos if each["developerName"] == "Internet_Eligibility"]
        assert info["recordTypeId"] == row["Id"]
        assert facts(info, "active", "available", "master") == (True, True, False)
        (master,) = [each for each in infos if each["master"]]
        assert master["recordTypeId"] == "012000000000000AAA"

    @pytest.mark.asyncio
    async def test_is_not_sent_again_unchanged(self, caller: Caller) -> None:
        modified = (await caller.call("GET", "sobjects/Case/describe")).headers["last-modified"]
        again = await caller.call("GET", "sobjects/Case/describe", headers={"If-Modified-Since": modified})

        assert (again.status_code, again.content) == (304, b"")


class TestDefaultRecordType:
    @pytest.mark.asyncio
    async def test_is_given_to_records_that_name_none(self, caller: Caller) -> None:
        case_id = await caller.create("Case")
        (case,) = await caller.select(f"SELECT RecordType.DeveloperName FROM Case WHERE Id = '{case_id}'")

        assert case["RecordType"]["DeveloperName"] == "General"


def facts(described: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(described[name] for name in names)


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 18, 10, 30, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


class TestFeeds:
    @pytest.mark.asyncio
    async def test_name_what_changed_in_whole_minutes(self) -> None:
        clock = Clock()
        async with Caller(create_emulator(EmulatorSettings(), now=clock)) as caller:
            first, second = [await caller.create("Account", Name=name) for name in "AB"]
            clock.at += timedelta(minutes=5)
            await caller.call("PATCH", f"sobjects/Account/{first}", json={"Site": "x"})
            await caller.call("DELETE", f"sobjects/Account/{second}")
            clock.at += timedelta(minutes=1)

            window = "start=2026-11-18T10:35:59Z&end=2026-11-18T10:36:30%2B00:00"
            updated = (await caller.call("GET", f"sobjects/Account/updated/?{window}")).json()
            deleted = (await caller.call("GET", f"sobjects/Account/deleted/?{window}")).json()
            early = "start=2026-11-18T10:00:00Z&end=2026-11-18T10:35:00Z"
            before = (await caller.call("GET", f"sobjects/Account/updated/?{early}")).json()

        assert updated == {"ids": [first], "latestDateCovered": "2026-11-18T10:36:00.000+0000"}
        assert deleted["deletedRecords"] == [{"id": second, "deletedDate": "2026-11-18T10:35:20.000+0000"}]
        assert before["ids"] == []

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "window",
        [
            "",
            "start=2026-11-18T10:00:00Z",
            "start=now&end=later",
            "start=2026-11-18T10:00:00Z&end=2026-11-18T10:00:59Z",
            "start=2020-01-01T00:00:00Z&end=2020-02-01T00:00:00Z",
        ],
    )
    async def test_refuse_odd_windows(self, window: str) -> None:
        async with Caller(create_emulator(EmulatorSettings(), now=Clock())) as caller:
            answer = await caller.call("GET", f"{DATA}/sobjects/Account/updated/?{window}")

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] in ("MISSING_ARGUMENT", "INVALID_REPLICATION_DATE")
