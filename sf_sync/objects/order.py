"""Order and OrderItem: what a customer bought, written once under the portal's own id."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.client.wire import escape_references
from sf_sync.objects.account_gate import MayOrder
from sf_sync.objects.values import Row, find_text, format_instant, get_record_id
from sf_sync.settings import OfferSettings

SOBJECT = "Order"
LINE_SOBJECT = "OrderItem"
KEY_PREFIX = "801"
ORDER_ID_FIELD = "Portal_Order_Id__c"
MOST_LINES = 20
"""A composite has 25 steps, and an order needs four beside its lines."""

OrderType = Literal["Internet", "SIM", "Mixed"]


class OrderStatus(StrEnum):
    """The values of Order.Status that the portal writes."""

    DRAFT = "Draft"
    ON_HOLD = "On Hold"
    CANCELLED = "Cancelled"


class OrderLine(Struct, frozen=True, kw_only=True):
    """`entry_id` is of a PricebookEntry, which still has to be active at this price."""

    entry_id: str
    quantity: int
    unit_price: Decimal


class OrderDelivery(Struct, frozen=True, kw_only=True):
    """Where and to whom; `instructions` is free text, `phone` E.164."""

    contact_name: str | None = None
    phone: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    instructions: str | None = None


class PlaceOrder(Struct, frozen=True, kw_only=True):
    """Place an order if the account may order when Salesforce does it. `order_id` is ours: there is never a second one
    with it. After `submit_by` Salesforce refuses it.
    """

    order_id: UUID
    account_id: str
    may_order: MayOrder
    type: OrderType
    currency: str
    lines: tuple[OrderLine, ...]
    ordered_on: date
    submit_by: datetime
    delivery: OrderDelivery | None = None


class SeenOrder(Struct, frozen=True, kw_only=True):
    """An order of ours as Salesforce has it; `status` is Salesforce's text."""

    salesforce_id: str
    account_id: str
    status: str | None


def format_order(
    command: PlaceOrder, *, account_id: str, pricebook_id: str, settings: OfferSettings
) -> dict[str, Any]:
    """The body of the insert; the two ids may be references. Text of customers can't act as a reference."""
    body: dict[str, Any] = {
        ORDER_ID_FIELD: str(command.order_id),
        "AccountId": account_id,
        "Pricebook2Id": pricebook_id,
        "Status": OrderStatus.DRAFT,
        "Type": command.type,
        "EffectiveDate": command.ordered_on.isoformat(),
        "Portal_Submit_By__c": format_instant(command.submit_by),
    }
    if settings.has_currencies:
        body[settings.currency_field] = command.currency
    return body | (_format_delivery(command.delivery) if command.delivery else {})


def _format_delivery(delivery: OrderDelivery) -> dict[str, Any]:
    """Standard address fields are short; the instructions hold the whole address too."""
    values = {
        "Portal_Delivery_Contact__c": delivery.contact_name,
        "Portal_Delivery_Phone__c": delivery.phone,
        "ShippingStreet": delivery.street and delivery.street[:255],
        "ShippingCity": delivery.city and delivery.city[:40],
        "ShippingPostalCode": delivery.postal_code,
        "Description": delivery.instructions,
    }
    return {field: escape_references(text) for field, text in values.items() if text}


def format_line(line: OrderLine, *, order_id: str) -> dict[str, Any]:
    return {
        "OrderId": order_id,
        "PricebookEntryId": line.entry_id,
        "Quantity": line.quantity,
        "UnitPrice": float(line.unit_price),
    }


def format_offers_query(lines: Sequence[OrderLine]) -> str:
    """SOQL that finds one row for each line whose offer is still for sale at its price."""
    offers = " OR ".join(
        format_soql("(Id = {} AND UnitPrice = {:literal})", line.entry_id, f"{line.unit_price:f}")
        for line in lines
    )
    return format_soql(
        "SELECT Id, Pricebook2Id FROM PricebookEntry WHERE IsActive = true AND Product2.IsActive = true"
        " AND ({:literal})",
        offers,
    )


def format_order_query(order_id: UUID, *conditions: str) -> str:
    """Conditions are SOQL."""
    where = " AND ".join((format_soql("Portal_Order_Id__c = {}", str(order_id)), *conditions))
    return format_soql("SELECT Id, AccountId, Status FROM Order WHERE {:literal}", where)


def parse_order(row: Row) -> SeenOrder:
    """Raises AnswerMalformed."""
    return SeenOrder(
        salesforce_id=get_record_id(row, "Id", prefix=KEY_PREFIX),
        account_id=get_record_id(row, "AccountId"),
        status=find_text(row, "Status"),
    )
