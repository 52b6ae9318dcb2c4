"""One submission: what the customer sent, what it costs, and how long it may take."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from bff.checkout.guard import plan_guard
from bff.checkout.rules import CartLine
from bff.checkout.service import make_lines
from bff.identity import Caller
from bff.orders.repository import NewOrder
from bff.orders.rules import (
    NO_CURRENCY,
    Delivery,
    Line,
    ShownPrices,
    find_order_type,
    format_delivery,
    price_lines,
    sum_total,
)
from bff.texts import Texts
from sf_sync.objects.offer import Offer, ProductType
from sf_sync.objects.order import OrderLine, PlaceOrder


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came in: each SKU once. `texts` is the language of the answer."""

    items: Sequence[tuple[str, int]]
    shown: ShownPrices
    delivery: Delivery | None
    digest: bytes
    texts: Texts


class Deadline:
    """How long Salesforce may take, on the event loop's clock, and the same instant for Salesforce."""

    def __init__(self, timeout_s: float) -> None:
        self._at = asyncio.get_running_loop().time() + timeout_s
        self.submit_by = datetime.now(UTC) + timedelta(seconds=timeout_s)
        self.is_sent = False
        """From here on the order may exist, whatever comes back."""

    @property
    def left_s(self) -> float:
        return self._at - asyncio.get_running_loop().time()


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """`account_id` is the caller's own, or empty while the customer has none."""

    caller: Caller
    customer_id: UUID
    account_id: str
    order_id: UUID
    asked: Asked
    is_keyed: bool
    deadline: Deadline

    @property
    def org_id(self) -> UUID:
        return self.caller.org_id


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The cart on the catalogue of now. `lines` lacks what is no offer; what has another price than the customer was
    shown is marked in `cart`.
    """

    cart: Sequence[CartLine]
    lines: tuple[Line, ...]
    currency: str

    @property
    def product_types(self) -> frozenset[ProductType]:
        return frozenset(line.product_type for line in self.lines)


def make_draft(asked: Asked, offers: Mapping[str, Offer]) -> Draft:
    lines = price_lines(asked.items, offers)
    currency = offers[lines[0].sku].currency if lines else NO_CURRENCY
    return Draft(cart=_mark_changed(asked, offers), lines=lines, currency=currency)


def _mark_changed(asked: Asked, offers: Mapping[str, Offer]) -> list[CartLine]:
    changed = {sku for sku, offer in offers.items() if not asked.shown.agree_with(offer)}
    return [
        msgspec.structs.replace(line, is_for_sale=False) if line.sku in changed else line
        for line in make_lines(asked.items, offers)
    ]


def make_new_order(submission: Submission, draft: Draft, delivery: Delivery | None) -> NewOrder:
    return NewOrder(
        id=submission.order_id,
        org_id=submission.org_id,
        customer_id=submission.customer_id,
        account_id=submission.account_id,
        digest=submission.asked.digest,
        submit_by=submission.deadline.submit_by,
        currency=draft.currency,
        total=sum_total(draft.lines),
        lines=draft.lines,
        delivery=delivery,
    )


def make_command(
    submission: Submission, draft: Draft, delivery: Delivery | None, overridden: frozenset[ProductType]
) -> PlaceOrder:
    return PlaceOrder(
        order_id=submission.order_id,
        account_id=submission.account_id,
        may_order=plan_guard(draft.cart, overridden),
        type=find_order_type(draft.product_types),
        currency=draft.currency,
        lines=tuple(
            OrderLine(entry_id=line.entry_id, quantity=line.quantity, unit_price=line.unit_price)
            for line in draft.lines
        ),
        ordered_on=submission.deadline.submit_by.date(),
        submit_by=submission.deadline.submit_by,
        delivery=format_delivery(delivery) if delivery else None,
    )
