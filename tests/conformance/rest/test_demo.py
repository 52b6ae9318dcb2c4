"""The demo org, and orders on its price book."""

from collections.abc import AsyncIterator
from uuid import NAMESPACE_URL, uuid5

import pytest
import pytest_asyncio

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.rest.caller import DATA, Caller, error_of

STATES = [
    ("hana", "Hana Sato", None, None, None),
    ("kenji", "Kenji Mori", "Pending", None, "Submitted"),
    ("sara", "Sara Ito", "Eligible", "Home", "Verified"),
    ("omar", "Omar Hashimi", "Ineligible", None, "Rejected"),
    ("noor", "Noor Saleh", None, None, None),
]


@pytest.fixture
def emulator() -> Emulator:
    return create_emulator(EmulatorSettings(demo=True))


@pytest_asyncio.fixture
async def order(caller: Caller) -> AsyncIterator[dict[str, str]]:
    """The ids that an order needs."""
    (account,) = await caller.select("SELECT Id FROM Account WHERE Name = 'Sara Ito'")
    (entry,) = await caller.select(
        "SELECT Id, Pricebook2Id FROM PricebookEntry WHERE Product2.StockKeepingUnit = 'SIM-3G' "
        "AND Pricebook2.IsStandard = true"
    )
    yield {"account": account["Id"], "entry": entry["Id"], "book": entry["Pricebook2Id"]}


class TestCustomers:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(("who", "name", "status", "result", "verification"), STATES)
    async def test_stand_in_their_states(
        self,
        caller: Caller,
        who: str,
        name: str,
        status: str | None,
        result: str | None,
        verification: str | None,
    ) -> None:
        key = uuid5(NAMESPACE_URL, f"portal-bff:customer:{who}@customer.example")
        account = (await caller.call("GET", f"sobjects/Account/Portal_Customer_Id__c/{key}")).json()

        assert account["Name"] == name
        assert account["Internet_Eligibility_Status__c"] == status
        assert account["Internet_Eligibility__c"] == result
        assert account["Id_Verification_Status__c"] == verification

    @pytest.mark.asyncio
    async def test_include_one_open_review(self, caller: Caller) -> None:
        (case,) = await caller.select(
            "SELECT Id, Account.Name, Account.Internet_Eligibility_Case_Id__c, RecordType.DeveloperName, "
            "Portal_Service_Address__c FROM Case WHERE IsClosed = false"
        )

        assert case["Account"]["Name"] == "Kenji Mori"
        assert case["Account"]["Internet_Eligibility_Case_Id__c"] == case["Id"]
        assert case["RecordType"]["DeveloperName"] == "Internet_Eligibility"
        assert case["Portal_Service_Address__c"]

    @pytest.mark.asyncio
    async def test_who_were_refused_have_words_for_it(self, caller: Caller) -> None:
        (omar,) = await caller.select(
            "SELECT Internet_Eligibility_Notes__c, Id_Verification_Rejection_Message__c FROM Account "
            "WHERE Name = 'Omar Hashimi'"
        )

        assert omar["Internet_Eligibility_Notes__c"]
        assert omar["Id_Verification_Rejection_Message__c"]


class TestOffers:
    @pytest.mark.asyncio
    async def test_tell_internet_from_sim_and_fit_results(self, caller: Caller) -> None:
        rows = await caller.select(
            "SELECT UnitPrice, CurrencyIsoCode, Product2.Portal_Product_Type__c, Product2.Portal_Eligibility_Result__c "
            "FROM PricebookEntry WHERE IsActive = true AND Pricebook2.IsStandard = true"
        )

        kinds = {
            (row["Product2"]["Portal_Product_Type__c"], row["Product2"]["Portal_Eligibility_Result__c"])
            for row in rows
        }
        assert kinds == {("Internet", "Home"), ("Internet", "Apartment"), ("SIM", None)}
        assert all(row["UnitPrice"] > 0 and row["CurrencyIsoCode"] == "JPY" for row in rows)


class TestOrders:
    @pytest.mark.asyncio
    async def test_are_made_in_one_composite_and_sum_their_lines(
        self, caller: Caller, order: dict[str, str]
    ) -> None:
        head = {
            "AccountId": order["account"],
            "Pricebook2Id": order["book"],
            "EffectiveDate": "2026-11-21",
            "Status": "Draft",
        }
        line = {"OrderId": "@{order.id}", "PricebookEntryId": order["entry"], "Quantity": 2, "UnitPrice": 990}
        parts = [
            {
                "method": "PATCH",
                "url": f"{DATA}/sobjects/Order/Portal_Order_Id__c/o-1",
                "referenceId": "order",
                "body": head,
            },
            {"method": "POST", "url": f"{DATA}/sobjects/OrderItem", "referenceId": "line", "body": line},
        ]
        answer = await caller.call("POST", "composite", json={"allOrNone": True, "compositeRequest": parts})

        statuses = [sub["httpStatusCode"] for sub in answer.json()["compositeResponse"]]
        assert statuses == [201, 201]
        (row,) = await caller.select(
            "SELECT TotalAmount, StatusCode, (SELECT TotalPrice, Product2.Name, ListPrice FROM OrderItems) "
            "FROM Order WHERE Portal_Order_Id__c = 'o-1'"
        )
        assert (row["TotalAmount"], row["StatusCode"]) == (1980.0, "Draft")
        (item,) = row["OrderItems"]["records"]
        assert (item["TotalPrice"], item["ListPrice"], item["Product2"]["Name"]) == (
            1980.0,
            990.0,
            "SIM 3 GB",
        )

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"Status": None}, "REQUIRED_FIELD_MISSING"),
            ({"EffectiveDate": None}, "REQUIRED_FIELD_MISSING"),
            ({"AccountId": None}, "REQUIRED_FIELD_MISSING"),
            ({"Status": "Activated"}, "FAILED_ACTIVATION"),
            ({"Status": "Later"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
            ({"EffectiveDate": "tomorrow"}, "JSON_PARSER_ERROR"),
        ],
    )
    async def test_are_refused_without_what_they_need(
        self, caller: Caller, order: dict[str, str], changes: dict[str, str | None], code: str
    ) -> None:
        values = {"AccountId": order["account"], "EffectiveDate": "2026-11-21", "Status": "Draft", **changes}
        answer = await caller.call("POST", "sobjects/Order", json=values)

        assert answer.status_code == 400
        assert error_of(answer)["errorCode"] == code

    @pytest.mark.asyncio
    async def test_refuse_lines_from_another_price_book(self, caller: Caller, order: dict[str, str]) -> None:
        other = await caller.create("Pricebook2", Name="Other", IsActive=True)
        order_id = await caller.create(
            "Order",
            AccountId=order["account"],
            Pricebook2Id=other,
            EffectiveDate="2026-11-21",
            Status="Draft",
        )
        line = {"OrderId": order_id, "PricebookEntryId": order["entry"], "Quantity": 1, "UnitPrice": 990}

        answer = await caller.call("POST", "sobjects/OrderItem", json=line)

        assert error_of(answer)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
