"""Pure decisions about orders: the tables of `docs/features/orders.md`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import msgspec

from bff.addresses import Address, format_for_reviewer
from sf_sync.objects.account import VerificationStatus
from sf_sync.objects.offer import Offer, ProductType
from sf_sync.objects.order import OrderDelivery, OrderType

NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency involved": of a cart in which nothing is an offer."""


class OrderState(StrEnum):
    """`deciding` and `unknown` may turn out either way; `withdrawn` was placed on an answer that contradicted itself,
    and cancelled.
    """

    DECIDING = "deciding"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    PLACED = "placed"
    ON_HOLD = "on_hold"


class Review(StrEnum):
    """Of the document that a SIM was ordered on."""

    OPEN = "open"
    SETTLED = "settled"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What was ordered, at the price that the customer saw."""

    sku: str
    name: str
    product_type: ProductType
    quantity: int
    unit_price: Decimal
    entry_id: str

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity


class ShownPrices(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer was shown of one each, by SKU, as far as they say. `is_all`: nothing else was shown, so an
    offer without a price here was never seen at one. `currency` None: they do not say.
    """

    prices: frozenset[tuple[str, Decimal]] = frozenset()
    currency: str | None = None
    is_all: bool = False

    def agree_with(self, offer: Offer) -> bool:
        shown = [price for sku, price in self.prices if sku == offer.sku]
        is_priced = bool(shown) or not self.is_all
        is_current = all(price == offer.price for price in shown)
        return is_priced and is_current and self.currency in (None, offer.currency)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where and to whom; `phone` is E.164."""

    contact_name: str | None = None
    notes: str | None = None
    address: Address | None = None
    phone: str | None = None


def merge_items(items: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Each SKU once, where it came first."""
    merged: Counter[str] = Counter()
    for sku, quantity in items:
        merged[sku] += quantity
    return list(merged.items())


def price_lines(items: Iterable[tuple[str, int]], offers: Mapping[str, Offer]) -> tuple[Line, ...]:
    """Of the SKUs that are offers."""
    return tuple(_price_line(offers[sku], quantity) for sku, quantity in items if sku in offers)


def _price_line(offer: Offer, quantity: int) -> Line:
    return Line(
        sku=offer.sku,
        name=offer.name,
        product_type=offer.product_type,
        quantity=quantity,
        unit_price=offer.price,
        entry_id=offer.entry_id,
    )


def sum_total(lines: Sequence[Line]) -> Decimal:
    return sum((line.total for line in lines), Decimal(0))


def find_order_type(product_types: Iterable[ProductType]) -> OrderType:
    wanted = set(product_types)
    if len(wanted) > 1:
        return "Mixed"
    return "SIM" if ProductType.SIM in wanted else "Internet"


def make_order_id(org_id: UUID, customer_id: UUID, key: str | None) -> UUID:
    """The same for every repetition under one key, so that Salesforce too knows a repetition by it."""
    if key is None:
        return uuid4()
    return uuid5(NAMESPACE_URL, f"portal-bff:order:{org_id}:{customer_id}:{key}")


def format_delivery(delivery: Delivery) -> OrderDelivery:
    """As Salesforce keeps it: the whole address stands with the notes in free text, since its own fields are short."""
    address = delivery.address
    if address is None:
        return OrderDelivery(
            contact_name=delivery.contact_name, phone=delivery.phone, instructions=delivery.notes
        )
    inside = ", ".join(filter(None, (address.apartment, address.floor, address.building)))
    return OrderDelivery(
        contact_name=delivery.contact_name,
        phone=delivery.phone,
        street="\n".join(filter(None, (inside, address.street, address.area))),
        city=address.city,
        postal_code=address.postal_code,
        instructions="\n".join(filter(None, (format_for_reviewer(address), delivery.notes))),
    )


def open_review(
    product_types: Iterable[ProductType], status: VerificationStatus | None, *, is_lifted: bool
) -> Review | None:
    """Whether an order has to follow its document's review from here on; `status` None: nobody could tell."""
    if ProductType.SIM not in product_types:
        return None
    is_settled = is_lifted or status is VerificationStatus.VERIFIED
    return Review.SETTLED if is_settled else Review.OPEN


class Step(StrEnum):
    """What a look at the account makes of an order whose review is open."""

    KEEP = "keep"
    HOLD = "hold"
    RELEASE = "release"
    SETTLE = "settle"


_REFUSED = frozenset({VerificationStatus.REJECTED, VerificationStatus.NOT_SUBMITTED})


def plan_review(state: OrderState, status: VerificationStatus, *, is_lifted: bool = False) -> Step:
    """`is_lifted`: staff let this account order SIMs in spite of its status."""
    is_held = state is OrderState.ON_HOLD
    if status is VerificationStatus.VERIFIED:
        return Step.RELEASE if is_held else Step.SETTLE
    if status in _REFUSED and is_lifted:
        return Step.RELEASE if is_held else Step.KEEP
    if status in _REFUSED and not is_held:
        return Step.HOLD
    return Step.KEEP


_AFTER = {Step.HOLD: OrderState.ON_HOLD, Step.RELEASE: OrderState.PLACED}


def find_shown_state(
    state: OrderState, review: Review | None, status: VerificationStatus | None, *, is_lifted: bool = False
) -> OrderState:
    """What the customer is shown: the state as it will be once the job that follows reviews has run."""
    if review is not Review.OPEN or status is None:
        return state
    return _AFTER.get(plan_review(state, status, is_lifted=is_lifted), state)
