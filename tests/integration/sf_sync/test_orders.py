"""Orders at Salesforce: placed through the gate in one call, or not at all."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from sf_sync.client import SalesforceClient
from sf_sync.emulator.app import Emulator
from sf_sync.errors import OutcomeUnknown, SalesforceRefused
from sf_sync.objects.account import EligibilityStatus, VerificationStatus
from sf_sync.objects.account_gate import MayOrder
from sf_sync.objects.order import MOST_LINES, OrderDelivery, OrderLine, OrderStatus, PlaceOrder
from sf_sync.orders import OrderHalted, OrderPlaced, Orders, StatusChanged, StatusSuperseded
from tests.integration.sf_sync.conftest import MakeAccounts
from tests.integration.sf_sync.org import change, list_calls, update_account

pytestmark = pytest.mark.asyncio

DRAFT, ON_HOLD = OrderStatus.DRAFT, OrderStatus.ON_HOLD

INTERNET = MayOrder(eligibility=frozenset({EligibilityStatus.ELIGIBLE}), results=(("Home",),))
SIM = MayOrder(verification=frozenset({VerificationStatus.SUBMITTED, VerificationStatus.VERIFIED}))
MIXED = msgspec.structs.replace(INTERNET, verification=SIM.verification)
ALLOWED = {
    "Internet_Eligibility_Status__c": "Eligible",
    "Internet_Eligibility__c": "Home",
    "Id_Verification_Status__c": "Submitted",
}


@pytest.fixture
def orders(salesforce_client: SalesforceClient) -> Orders:
    return Orders(salesforce_client)


@pytest.fixture
def account_id(make_accounts: MakeAccounts) -> str:
    return make_accounts(**ALLOWED)[0]


def find_entry(emulator: Emulator, sku: str) -> Any:
    return next(emulator.org.select("PricebookEntry", lambda row: row["ProductCode"] == sku))


def make_line(emulator: Emulator, sku: str = "NET-HOME-1G", quantity: int = 1) -> OrderLine:
    entry = find_entry(emulator, sku)
    return OrderLine(entry_id=entry["Id"], quantity=quantity, unit_price=Decimal(str(entry["UnitPrice"])))


def make_order(
    emulator: Emulator,
    account_id: str,
    may_order: MayOrder = MIXED,
    *,
    skus: Sequence[str] = ("NET-HOME-1G", "SIM-3G"),
    **values: Any,
) -> PlaceOrder:
    return PlaceOrder(
        **{
            "order_id": uuid4(),
            "account_id": account_id,
            "may_order": may_order,
            "type": "Mixed",
            "currency": "JPY",
            "lines": tuple(make_line(emulator, sku) for sku in skus),
            "ordered_on": date(2025, 12, 19),
            "submit_by": datetime.now(UTC) + timedelta(seconds=30),
            **values,
        }
    )


def add_sims(emulator: Emulator, count: int) -> list[str]:
    skus = [f"SIM-{number:02d}" for number in range(count)]
    book_id = find_entry(emulator, "SIM-3G")["Pricebook2Id"]
    with change(emulator) as transaction:
        for sku in skus:
            product = {"Name": sku, "ProductCode": sku, "IsActive": True, "Portal_Product_Type__c": "SIM"}
            entry = {"Pricebook2Id": book_id, "Product2Id": transaction.insert("Product2", product)}
            transaction.insert("PricebookEntry", entry | {"UnitPrice": 980, "IsActive": True})
    return skus


def list_orders(emulator: Emulator) -> list[Any]:
    return list(emulator.org.select("Order"))


def get_order(emulator: Emulator, order_id: UUID) -> Any:
    return emulator.org.find_by("Order", "Portal_Order_Id__c", str(order_id))[0]


class TestPlace:
    async def test_writes_order_and_lines_in_one_call(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        delivery = OrderDelivery(
            contact_name="Hana",
            phone="+819012345678",
            street="1-2-3 Jingumae\nShibuya",
            city="Tokyo",
            postal_code="150-0001",
            instructions="Ring twice @{guard.records[0].Id}",
        )
        command = make_order(emulator, account_id, delivery=delivery)
        emulator.journal.clear()

        placed = await orders.place(command)

        assert isinstance(placed, OrderPlaced)
        row = emulator.org.get("Order", placed.salesforce_id)
        lines = emulator.org.find_by("OrderItem", "OrderId", placed.salesforce_id)
        assert len(list_calls(emulator)) == 1
        assert row["Portal_Order_Id__c"] == str(command.order_id)
        assert (row["AccountId"], row["Status"], row["Type"]) == (account_id, DRAFT, "Mixed")
        assert (row["TotalAmount"], row["CurrencyIsoCode"]) == (6_710.0, "JPY")
        assert row["ShippingStreet"] == "1-2-3 Jingumae\nShibuya"
        assert row["Portal_Delivery_Phone__c"] == "+819012345678"
        assert row["Description"] == "Ring twice @ {guard.records[0].Id}"
        assert [line["UnitPrice"] for line in lines] == [5_720.0, 990.0]
        assert placed.facts.account_id == account_id
        assert placed.facts.verification.status is VerificationStatus.SUBMITTED

    @pytest.mark.parametrize(
        ("may_order", "changed"),
        [
            (INTERNET, {"Internet_Eligibility_Status__c": "Pending"}),
            (INTERNET, {"Internet_Eligibility_Status__c": "Ineligible"}),
            (INTERNET, {"Internet_Eligibility_Status__c": "Not Requested"}),
            (INTERNET, {"Internet_Eligibility_Status__c": None}),
            (INTERNET, {"Internet_Eligibility__c": "Apartment"}),
            (INTERNET, {"Internet_Eligibility__c": None}),
            (SIM, {"Id_Verification_Status__c": "Rejected"}),
            (SIM, {"Id_Verification_Status__c": "Not Submitted"}),
            (SIM, {"Id_Verification_Status__c": None}),
            (MIXED, {"Internet_Eligibility_Status__c": "Pending"}),
            (MIXED, {"Id_Verification_Status__c": "Rejected"}),
        ],
    )
    async def test_writes_nothing_for_an_account_that_may_not(
        self,
        orders: Orders,
        emulator: Emulator,
        account_id: str,
        may_order: MayOrder,
        changed: dict[str, Any],
    ) -> None:
        update_account(emulator, account_id, **changed)

        assert await orders.place(make_order(emulator, account_id, may_order)) == OrderHalted()
        assert list_orders(emulator) == []
        assert list(emulator.org.select("OrderItem")) == []

    @pytest.mark.parametrize("status", ["Submitted", "Verified"])
    async def test_of_a_sim_takes_a_submitted_document(
        self, orders: Orders, emulator: Emulator, account_id: str, status: str
    ) -> None:
        update_account(
            emulator, account_id, Internet_Eligibility_Status__c=None, Id_Verification_Status__c=status
        )

        assert isinstance(
            await orders.place(make_order(emulator, account_id, SIM, skus=["SIM-3G"])), OrderPlaced
        )

    async def test_may_be_lifted_to_any_known_status(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        update_account(emulator, account_id, Internet_Eligibility_Status__c=None)
        known = frozenset(EligibilityStatus) - {EligibilityStatus.UNKNOWN}

        placed = await orders.place(
            make_order(emulator, account_id, MayOrder(eligibility=known), skus=["NET-APT-1G"])
        )

        assert isinstance(placed, OrderPlaced)

    async def test_is_never_lifted_to_an_unknown_one(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        for may_order in (MayOrder(eligibility=frozenset(EligibilityStatus)), MayOrder()):
            with pytest.raises(ValueError, match="order"):
                await orders.place(make_order(emulator, account_id, may_order))

    @pytest.mark.parametrize(
        ("entity", "changed"),
        [
            ("PricebookEntry", {"UnitPrice": 6_000}),
            ("PricebookEntry", {"IsActive": False}),
            ("Product2", {"IsActive": False}),
        ],
    )
    async def test_writes_nothing_at_another_price_than_the_customer_saw(
        self, orders: Orders, emulator: Emulator, account_id: str, entity: str, changed: dict[str, Any]
    ) -> None:
        command = make_order(emulator, account_id)
        row = next(emulator.org.select(entity, lambda row: row["ProductCode"] == "NET-HOME-1G"))
        with change(emulator) as transaction:
            transaction.update(entity, row["Id"], changed)

        assert await orders.place(command) == OrderHalted()
        look = await orders.look(command)

        assert list_orders(emulator) == []
        assert look.current_entries == {find_entry(emulator, "SIM-3G")["Id"]}

    async def test_takes_as_many_lines_as_an_order_may_have(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        skus = add_sims(emulator, MOST_LINES)

        placed = await orders.place(make_order(emulator, account_id, SIM, skus=skus))

        assert isinstance(placed, OrderPlaced)
        assert len(list(emulator.org.select("OrderItem"))) == MOST_LINES

    async def test_for_a_deleted_account_is_halted(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        command = make_order(emulator, account_id)
        with change(emulator) as transaction:
            transaction.delete("Account", account_id)

        assert await orders.place(command) == OrderHalted()
        assert (await orders.look(command)).facts is None


class TestOnce:
    async def test_a_second_delivery_makes_neither_an_order_nor_lines(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        command = make_order(emulator, account_id)
        placed = await orders.place(command)

        assert await orders.place(command) == OrderHalted()
        look = await orders.look(command)

        assert isinstance(placed, OrderPlaced)
        assert look.order is not None
        assert look.order.salesforce_id == placed.salesforce_id
        assert (len(list_orders(emulator)), len(list(emulator.org.select("OrderItem")))) == (1, 2)

    async def test_of_fifty_deliveries_at_once_one_places_it(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        command = make_order(emulator, account_id)

        outcomes = await asyncio.gather(*(orders.place(command, timeout_s=30) for _ in range(50)))

        assert sum(isinstance(outcome, OrderPlaced) for outcome in outcomes) == 1
        assert (len(list_orders(emulator)), len(list(emulator.org.select("OrderItem")))) == (1, 2)

    async def test_one_whose_answer_was_lost_is_found(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        command = make_order(emulator, account_id)
        emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})

        with pytest.raises(OutcomeUnknown):
            await orders.place(command)
        found = await orders.find(command.order_id)

        assert found is not None
        assert (found.account_id, found.status) == (account_id, DRAFT)

    async def test_one_that_never_arrived_is_not(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        command = make_order(emulator, account_id)
        emulator.faults.change({"cut_before": True, "method": "POST", "times": 1})

        with pytest.raises(OutcomeUnknown):
            await orders.place(command)

        assert await orders.find(command.order_id) is None

    @pytest.mark.parametrize("fault", ["empty_body", "wrong_account_id"])
    async def test_one_whose_answer_says_nothing_is_in_doubt(
        self, orders: Orders, emulator: Emulator, account_id: str, fault: str
    ) -> None:
        command = make_order(emulator, account_id)
        emulator.faults.change({fault: True, "times": 1})

        with pytest.raises(OutcomeUnknown):
            await orders.place(command)

    async def test_one_that_arrives_after_we_gave_up_is_refused(
        self, orders: Orders, emulator: Emulator, account_id: str
    ) -> None:
        command = make_order(emulator, account_id, submit_by=datetime.now(UTC) - timedelta(milliseconds=5))

        with pytest.raises(SalesforceRefused) as refusal:
            await orders.place(command)

        assert refusal.value.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        assert list_orders(emulator) == []


class TestStatus:
    @pytest.fixture
    def command(self, emulator: Emulator, account_id: str) -> PlaceOrder:
        return make_order(emulator, account_id)

    async def test_is_changed_and_changed_back(
        self, orders: Orders, emulator: Emulator, command: PlaceOrder
    ) -> None:
        await orders.place(command)

        held = await orders.change_status(command.order_id, expected=DRAFT, to=ON_HOLD, reason="ID rejected")
        row = get_order(emulator, command.order_id)
        released = await orders.change_status(command.order_id, expected=ON_HOLD, to=DRAFT, reason=None)

        assert (held, released) == (StatusChanged(), StatusChanged())
        assert (row["Status"], row["Portal_Hold_Reason__c"]) == (ON_HOLD, "ID rejected")
        assert "Portal_Hold_Reason__c" not in get_order(emulator, command.order_id)

    async def test_is_changed_once_however_often_it_is_asked_for(
        self, orders: Orders, command: PlaceOrder
    ) -> None:
        await orders.place(command)

        for _ in range(2):
            outcome = await orders.change_status(command.order_id, expected=DRAFT, to=ON_HOLD, reason="x")
            assert outcome == StatusChanged()

    async def test_that_somebody_changed_is_left_alone(
        self, orders: Orders, emulator: Emulator, command: PlaceOrder
    ) -> None:
        await orders.place(command)
        with change(emulator) as transaction:
            transaction.update("Order", get_order(emulator, command.order_id)["Id"], {"Status": "Cancelled"})

        outcome = await orders.change_status(command.order_id, expected=DRAFT, to=ON_HOLD, reason="x")

        assert outcome == StatusSuperseded(status="Cancelled")

    async def test_of_an_order_that_is_gone(self, orders: Orders) -> None:
        outcome = await orders.change_status(uuid4(), expected=DRAFT, to=ON_HOLD, reason="x")

        assert outcome == StatusSuperseded(status=None)
