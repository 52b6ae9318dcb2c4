"""The wire shapes of orders."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bff.addresses import AddressInput, AddressType, make_address
from bff.addresses.schemas import Line100, Text500
from bff.checkout.schemas import MOST_ITEMS, MOST_OF_ONE, CartItem, ProblemAnswer
from bff.next_actions import NextAction
from bff.orders.refusals import TooManyOfOne
from bff.orders.rules import Delivery, ShownPrices, merge_items
from bff.phones import parse_phone
from sf_sync.objects.offer import ProductType


class DropoffInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`phoneNumber` in any spelling; without a country code it is the org's."""

    phone_number: Annotated[str, Meta(min_length=1, max_length=64)]


class DeliveryInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Without `address` the one on file is meant."""

    contact_name: Line100 | None = None
    notes: Text500 | None = None
    address: AddressInput | None = None
    dropoff: DropoffInput | None = None


Price = Annotated[str, Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class OrderItem(CartItem, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`unitPrice` is what the customer was shown of one: at another price nothing is ordered."""

    unit_price: Price | None = None


class OrderInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the customer orders; 1 to 20 items. `currency` is that of the prices that the customer was shown."""

    items: Annotated[list[OrderItem], Meta(min_length=1, max_length=MOST_ITEMS)]
    currency: Currency | None = None
    delivery: DeliveryInput | None = None


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Prices are decimal texts in the order's currency."""

    sku: str
    name: str
    product_type: ProductType
    quantity: int
    unit_price: str
    total: str


class DropoffAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    phone_number: str


class AddressAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`country` is two letters, coordinates are degrees."""

    type: AddressType
    building: str | None
    floor: str | None
    apartment: str | None
    street: str
    area: str | None
    city: str
    postal_code: str | None
    country: str
    latitude: float | None
    longitude: float | None
    delivery_notes: str | None


class DeliveryAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`phoneNumber` in E.164."""

    contact_name: str | None
    notes: str | None
    address: AddressAnswer | None
    dropoff: DropoffAnswer | None


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One row of an order's page: `code` is `internet_eligibility` or `id_verification`, `status` the account's of now
    (null while Salesforce cannot be read). `isRequired`: this order needs it.
    """

    code: str
    label: str
    is_required: bool
    status: str | None
    message: str
    next_action: NextAction


class OrderAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One order. `status` is `placed` or `on_hold`; `problems` and `nextAction` say what it waits for."""

    id: UUID
    status: str
    placed_at: datetime
    currency: str
    total: str
    lines: list[LineAnswer]
    delivery: DeliveryAnswer | None
    checks: list[CheckAnswer]
    problems: list[ProblemAnswer]
    next_action: NextAction


class OrderList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[OrderAnswer]
    next_cursor: str | None


def read_items(order: OrderInput) -> list[tuple[str, int]]:
    """
    Raises:
        TooManyOfOne: in several items together.
    """
    merged = merge_items((item.sku, item.quantity) for item in order.items)
    if any(quantity > MOST_OF_ONE for _, quantity in merged):
        raise TooManyOfOne
    return merged


def read_prices(order: OrderInput) -> ShownPrices:
    told = {(item.sku, Decimal(item.unit_price)) for item in order.items if item.unit_price is not None}
    return ShownPrices(prices=frozenset(told), currency=order.currency)


def read_delivery(wire: DeliveryInput | None, region: str) -> Delivery | None:
    """
    Raises:
        PhoneNotValid
    """
    if wire is None:
        return None
    return Delivery(
        contact_name=_trim(wire.contact_name),
        notes=_trim(wire.notes),
        address=make_address(wire.address, region=region) if wire.address else None,
        phone=parse_phone(wire.dropoff.phone_number, region) if wire.dropoff else None,
    )


def _trim(text: str | None) -> str | None:
    return (text or "").strip() or None
