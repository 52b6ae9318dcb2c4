"""Orders as their templates need them: words and shapes, no decision."""

from uuid import UUID

import msgspec

from bff.checkout.positions import Position
from bff.next_actions import NextAction, NextActionCode
from bff.orders.answers import ShownOrder, find_state, make_order_answer
from bff.orders.rules import Delivery, Line, OrderState, Review
from bff.orders.schemas import CheckAnswer, OrderAnswer
from bff.phones import mask_phone
from bff.portal.places import ORDERS
from bff.portal.views import (
    Fact,
    Link,
    StatusView,
    find_action_link,
    format_place,
    make_moment,
)
from bff.texts import N_, Texts
from sf_sync.objects.account import EligibilityStatus, VerificationStatus

PATH = ORDERS
MOST_NAMES = 3


class Badge(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    label: str


class OrderRowView(msgspec.Struct, frozen=True, kw_only=True):
    """One order in a list. `more` counts the lines that are not named, in words."""

    path: str
    names: tuple[str, ...]
    placed: Fact
    total: str
    badge: Badge
    more: str = ""


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    quantity: str
    unit_price: str
    total: str


class CheckView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of what an order depends on; `text` is empty where the badge says it all."""

    label: str
    badge: Badge
    text: str = ""


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    status: StatusView
    checks: tuple[CheckView, ...]
    lines: tuple[LineView, ...]
    total: str
    delivery: tuple[Fact, ...]


_PLACED, _ON_HOLD = N_("Placed"), N_("On hold")
_HEADLINES = {OrderState.PLACED: N_("Order placed"), OrderState.ON_HOLD: N_("Your order is on hold")}


class _Look(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    explanation: str


_THANKS = _Look("good", "check", N_("Thank you. We have your order and take it from here."))
_REVIEWED = _Look(
    "info", "clock", N_("Our team is checking your document meanwhile. You do not have to do anything.")
)
_RESENT = _Look(
    "info",
    "clock",
    N_("Our team is checking your new document. The order goes on as soon as it is verified."),
)
_HELD = _Look("bad", "pause", "")


def make_order_row(order: ShownOrder, position: Position, texts: Texts) -> OrderRowView:
    names = [_name_line(line, texts) for line in order.lines]
    left = len(names) - MOST_NAMES
    return OrderRowView(
        path=f"{PATH}/{order.id}",
        names=tuple(names[:MOST_NAMES]),
        placed=make_moment(N_("Placed on"), order.placed_at, texts),
        total=texts.format_price(order.total, order.currency),
        badge=_make_state_badge(order, position, texts),
        more=texts.say(N_("More items: %(number)s"), number=left) if left > 0 else "",
    )


def _name_line(line: Line, texts: Texts) -> str:
    name = texts.isolate(line.name)
    # The number stays beside the name's last word when the line breaks.
    return name if line.quantity == 1 else f"{name}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{line.quantity}"


def _make_state_badge(order: ShownOrder, position: Position, texts: Texts) -> Badge:
    if find_state(order, position) is not OrderState.ON_HOLD:
        return Badge("good", "tick", texts.say(_PLACED))
    is_waiting = _is_document_reviewed(position)
    return Badge("info" if is_waiting else "bad", "clock" if is_waiting else "pause", texts.say(_ON_HOLD))


def _is_document_reviewed(position: Position) -> bool:
    seen = position.verification
    return seen is not None and seen.status is VerificationStatus.SUBMITTED


def make_order_view(order: ShownOrder, position: Position, texts: Texts) -> OrderView:
    answer = make_order_answer(order, position, texts)
    return OrderView(
        path=f"{PATH}/{order.id}",
        status=_make_status(order, answer, position, texts),
        checks=tuple(make_check_view(check, texts) for check in answer.checks),
        lines=tuple(_make_line(line, order.currency, texts) for line in order.lines),
        total=texts.format_price(order.total, order.currency),
        delivery=_list_delivery(order.delivery, texts),
    )


def _make_status(order: ShownOrder, answer: OrderAnswer, position: Position, texts: Texts) -> StatusView:
    look = _choose_look(order, answer, position)
    problem = answer.problems[0] if answer.problems else None
    words = problem.data.reviewer_message if problem else None
    return StatusView(
        tone=look.tone,
        icon=look.icon,
        label=texts.say(N_("Your order")),
        headline=texts.say(_HEADLINES[OrderState(answer.status)]),
        explanation=problem.message if problem else texts.say(look.explanation),
        facts=_list_facts(order.id, make_moment(N_("Placed on"), order.placed_at, texts), texts),
        quote=Fact(label=texts.say(N_("Message from the reviewer")), text=words) if words else None,
        action=_find_action(answer.next_action),
    )


def _choose_look(order: ShownOrder, answer: OrderAnswer, position: Position) -> _Look:
    is_reviewed = _is_document_reviewed(position)
    if answer.problems:
        return _HELD
    if answer.status == OrderState.ON_HOLD:
        return _RESENT
    return _REVIEWED if order.review is Review.OPEN and is_reviewed else _THANKS


def _list_facts(order_id: UUID, placed: Fact, texts: Texts) -> tuple[Fact, ...]:
    reference = Fact(label=texts.say(N_("Your reference")), text=str(order_id))
    return placed, reference


def _find_action(action: NextAction) -> Link | None:
    return find_action_link(action) if action.code is not NextActionCode.NONE else None


class _Word(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    text: str


_INTERNET = {
    EligibilityStatus.NOT_REQUESTED: _Word("warn", "warning", N_("Not requested")),
    EligibilityStatus.PENDING: _Word("info", "clock", N_("Review in progress")),
    EligibilityStatus.ELIGIBLE: _Word("good", "tick", N_("Eligible")),
    EligibilityStatus.INELIGIBLE: _Word("bad", "times", N_("Not available")),
}
_SIM = {
    VerificationStatus.NOT_SUBMITTED: _Word("warn", "warning", N_("Not submitted")),
    VerificationStatus.SUBMITTED: _Word("info", "clock", N_("Submitted")),
    VerificationStatus.VERIFIED: _Word("good", "tick", N_("Verified")),
    VerificationStatus.REJECTED: _Word("bad", "times", N_("Rejected")),
}
_WORDS = {
    **{str(status): word for status, word in _INTERNET.items()},
    **{str(status): word for status, word in _SIM.items()},
}
_NOT_CONFIRMED = _Word("calm", "question", N_("Not confirmed"))
_NOT_NEEDED = N_("Not needed for this order")


def make_check_view(check: CheckAnswer, texts: Texts) -> CheckView:
    word = _WORDS.get(check.status or "", _NOT_CONFIRMED)
    # What the address is eligible for belongs to the word; of other statuses it is all there is to say.
    said = check.message if check.status == EligibilityStatus.ELIGIBLE else texts.say(word.text)
    if check.is_required:
        return CheckView(label=check.label, badge=Badge(word.tone, word.icon, said))
    # What this order does not need should not look like a problem of it.
    return CheckView(label=check.label, badge=Badge("calm", word.icon, said), text=texts.say(_NOT_NEEDED))


def _make_line(line: Line, currency: str, texts: Texts) -> LineView:
    return LineView(
        name=line.name,
        quantity=str(line.quantity),
        unit_price=texts.format_price(line.unit_price, currency),
        total=texts.format_price(line.total, currency),
    )


def _list_delivery(delivery: Delivery | None, texts: Texts) -> tuple[Fact, ...]:
    if delivery is None:
        return ()
    told = (
        (N_("Contact"), delivery.contact_name),
        (N_("Phone"), _show_phone(delivery.phone) if delivery.phone else None),
        (N_("Address"), format_place(delivery.address, texts) if delivery.address else None),
        (N_("Notes"), delivery.notes),
    )
    return tuple(Fact(label=texts.say(label), text=text) for label, text in told if text)


def _show_phone(phone: str) -> str:
    # Isolated from left to right, since a number reads that way in every language.
    return f"\u2066{mask_phone(phone)}\u2069"
