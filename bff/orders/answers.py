"""From an order and the account of now to what the customer is shown."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from bff.catalog import format_price
from bff.checkout.positions import Position
from bff.checkout.rules import Problem, judge
from bff.checkout.schemas import make_problem
from bff.eligibility.schemas import say_headline
from bff.next_actions import NextAction, NextActionCode, make_next_action
from bff.orders.repository import OrderRow
from bff.orders.rules import Delivery, Line, OrderState, Review, find_shown_state, sum_total
from bff.orders.schemas import (
    AddressAnswer,
    CheckAnswer,
    DeliveryAnswer,
    DropoffAnswer,
    LineAnswer,
    OrderAnswer,
)
from bff.texts import N_, Texts
from sf_sync.objects.account import VerificationStatus
from sf_sync.objects.offer import ProductType

NOT_KNOWN = N_("The status cannot be confirmed right now")
LABELS = {ProductType.INTERNET: N_("Internet eligibility"), ProductType.SIM: N_("ID verification")}
CODES = {ProductType.INTERNET: "internet_eligibility", ProductType.SIM: "id_verification"}


class ShownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer needs to know of an order."""

    id: UUID
    state: OrderState
    review: Review | None
    currency: str
    lines: Sequence[Line]
    delivery: Delivery | None
    placed_at: datetime

    @property
    def total(self) -> Decimal:
        return sum_total(self.lines)

    @property
    def product_types(self) -> frozenset[ProductType]:
        return frozenset(line.product_type for line in self.lines)


def show_row(row: OrderRow) -> ShownOrder:
    """Of an order that was placed."""
    return ShownOrder(
        id=row.id,
        state=row.state,
        review=row.review,
        currency=row.currency,
        lines=row.lines,
        delivery=row.delivery,
        placed_at=row.placed_at or row.created_at,
    )


def make_order_answer(order: ShownOrder, position: Position, texts: Texts) -> OrderAnswer:
    problem = _find_problem(order, position)
    return OrderAnswer(
        id=order.id,
        status=find_state(order, position),
        placed_at=order.placed_at.replace(microsecond=0),
        currency=order.currency,
        total=format_price(order.total, order.currency),
        lines=[_make_line(line, order.currency) for line in order.lines],
        delivery=_make_delivery(order.delivery),
        checks=list_checks(order.product_types, position, texts),
        problems=[make_problem(problem, texts)] if problem else [],
        next_action=make_next_action(choose_next_action(order, position), texts),
    )


def find_state(order: ShownOrder, position: Position) -> OrderState:
    """What the customer is shown."""
    is_lifted = ProductType.SIM in position.overridden
    return find_shown_state(order.state, order.review, find_verification(position), is_lifted=is_lifted)


def choose_next_action(order: ShownOrder, position: Position) -> NextActionCode:
    """The one thing to do for this order."""
    if problem := _find_problem(order, position):
        return problem.next_action
    if order.review is Review.OPEN and position.verification:
        return position.verification.next_action
    return NextActionCode.NONE


def _find_problem(order: ShownOrder, position: Position) -> Problem | None:
    is_held = find_state(order, position) is OrderState.ON_HOLD
    return judge(ProductType.SIM, position.standing) if is_held else None


def find_verification(position: Position) -> VerificationStatus | None:
    """None while nobody can tell, or only tells what it was."""
    shown = position.verification
    return None if shown is None or shown.freshness.stale else shown.status


def _make_line(line: Line, currency: str) -> LineAnswer:
    return LineAnswer(
        sku=line.sku,
        name=line.name,
        product_type=line.product_type,
        quantity=line.quantity,
        unit_price=format_price(line.unit_price, currency),
        total=format_price(line.total, currency),
    )


def _make_delivery(delivery: Delivery | None) -> DeliveryAnswer | None:
    if delivery is None:
        return None
    return DeliveryAnswer(
        contact_name=delivery.contact_name,
        notes=delivery.notes,
        address=AddressAnswer(**msgspec.structs.asdict(delivery.address)) if delivery.address else None,
        dropoff=DropoffAnswer(phone_number=delivery.phone) if delivery.phone else None,
    )


def list_checks(wanted: Collection[ProductType], position: Position, texts: Texts) -> list[CheckAnswer]:
    """Both rows, for an order of these types."""
    return [
        _make_check(product_type, position, texts, is_required=product_type in wanted)
        for product_type in ProductType
    ]


def _make_check(
    product_type: ProductType, position: Position, texts: Texts, *, is_required: bool
) -> CheckAnswer:
    status, message, action = _read_check(product_type, position, texts)
    return CheckAnswer(
        code=CODES[product_type],
        label=texts.say(LABELS[product_type]),
        is_required=is_required,
        status=status,
        message=message,
        next_action=action,
    )


def _read_check(
    product_type: ProductType, position: Position, texts: Texts
) -> tuple[str | None, str, NextAction]:
    if product_type is ProductType.INTERNET and (shown := position.eligibility):
        return shown.status, say_headline(shown, texts), make_next_action(shown.next_action, texts)
    if product_type is ProductType.SIM and (seen := position.verification):
        return seen.status, texts.say(seen.headline), make_next_action(seen.next_action, texts)
    return None, texts.say(NOT_KNOWN), make_next_action(NextActionCode.NONE, texts)
