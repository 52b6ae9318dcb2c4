"""The checkout as its template needs it: words and shapes for every verdict of the gate, no decision."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

import msgspec

from bff.checkout.rules import SENTENCES, Problem, ProblemCode, Verdict
from bff.checkout.schemas import MOST_OF_ONE
from bff.next_actions import NextActionCode, make_next_action
from bff.portal.cart import Cart, Items, format_items
from bff.portal.places import ADD, CHANGE, CHECKOUT, INTERNET
from bff.portal.views import SUPPORT, Fact, Link, StatusView
from bff.texts import N_, Texts
from sf_sync.objects.offer import Offer, ProductType

Offers = Mapping[str, Offer]
UPLOAD = "#upload-title"
_ENOUGH = 10
"""Quantities that are offered to choose from; more of one are kept where they came from elsewhere."""


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` is why this line cannot be ordered."""

    sku: str
    name: str
    quantity: int
    choices: tuple[int, ...]
    price: str = ""
    total: str = ""
    problem: str = ""


class RemovedView(msgspec.Struct, frozen=True, kw_only=True):
    """What was just taken out, and the form that brings it back."""

    name: str
    sku: str
    quantity: int
    path: str


class _Look(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    headline: str


_LABEL = N_("Your order")
_READY = _Look("good", "check", N_("Ready to order"))
_LOOKS = {
    NextActionCode.ADD_ADDRESS: _Look("warn", "pin", N_("Your address is missing")),
    NextActionCode.REQUEST_REVIEW: _Look("warn", "search", N_("Your address has to be checked first")),
    NextActionCode.UPLOAD_ID: _Look("warn", "card", N_("Your ID is missing")),
    NextActionCode.RESUBMIT_ID: _Look("bad", "cross", N_("A new photo of your ID is needed")),
    NextActionCode.WAIT_FOR_REVIEW: _Look("info", "clock", N_("Your address is being checked")),
    NextActionCode.CONTACT_SUPPORT: _Look("bad", "support", N_("This cannot be ordered here")),
    NextActionCode.NONE: _Look("warn", "warning", N_("Something in your cart is not available")),
}
_UNREADABLE = _Look("calm", "warning", N_("We can't check your status at the moment"))

EVERYTHING_IN_PLACE = N_("Everything is in place. Look it over once more and place your order.")
_BEING_CHECKED = N_(
    "You can order now. Your document is still being checked; the SIM is activated when that is done."
)
_KEPT = N_("Your cart is kept. Please try again in a moment.")
_WAITING = N_("Nothing to do for you now: this page goes on by itself, and your cart is kept.")
_TAKE_OUT = N_("Take it out of your cart to go on.")
_ADDED = {
    NextActionCode.WAIT_FOR_REVIEW: _WAITING,
    NextActionCode.NONE: _TAKE_OUT,
}


def make_status(
    verdict: Verdict, offers: Offers | None, cart: Cart, texts: Texts, *, is_under_review: bool
) -> StatusView:
    """`is_under_review`: a SIM is ordered on a document that nobody has judged yet."""
    if verdict.can_submit:
        text = _BEING_CHECKED if is_under_review else EVERYTHING_IN_PLACE
        return _make_card(_READY, texts.say(text), texts)
    problem = next(each for each in verdict.problems if each.next_action is verdict.next_action)
    if problem.code is ProblemCode.SOURCE_UNAVAILABLE:
        again = Link(CHECKOUT, texts.say(N_("Try again")))
        return _make_card(_UNREADABLE, texts.say(_KEPT), texts, action=again)
    said = (say_problem(problem, offers, texts), texts.say(_ADDED.get(verdict.next_action, "")))
    return _make_card(
        _LOOKS[verdict.next_action],
        " ".join(filter(None, said)),
        texts,
        quote=Fact(label=texts.say(N_("Message from our team")), text=problem.message)
        if problem.message
        else None,
        action=_find_link(verdict.next_action, offers, cart, texts),
    )


def _make_card(
    look: _Look, explanation: str, texts: Texts, *, quote: Fact | None = None, action: Link | None = None
) -> StatusView:
    return StatusView(
        tone=look.tone,
        icon=look.icon,
        label=texts.say(_LABEL),
        headline=texts.say(look.headline),
        explanation=explanation,
        quote=quote,
        action=action,
    )


def _find_link(action: NextActionCode, offers: Offers | None, cart: Cart, texts: Texts) -> Link | None:
    """The one thing to do, on this page or on another; waiting has no link."""
    label = make_next_action(action, texts).label
    match action:
        case NextActionCode.ADD_ADDRESS | NextActionCode.REQUEST_REVIEW:
            wanted = [sku for sku, _ in cart.items if _find_type(offers, sku) is ProductType.INTERNET]
            return Link(f"{INTERNET}?{urlencode({'sku': wanted[0]})}" if wanted else INTERNET, label)
        case NextActionCode.UPLOAD_ID | NextActionCode.RESUBMIT_ID:
            return Link(UPLOAD, label)
        case NextActionCode.CONTACT_SUPPORT:
            return Link(SUPPORT, label)
    return None


def _find_type(offers: Offers | None, sku: str) -> ProductType | None:
    offer = (offers or {}).get(sku)
    return offer.product_type if offer else None


def say_problem(problem: Problem, offers: Offers | None, texts: Texts) -> str:
    """The gate's sentence; of an offer with its name."""
    if problem.sku is None:
        return texts.say(SENTENCES[problem.code])
    offer = (offers or {}).get(problem.sku)
    sentence = _NOT_HERE if problem.fits else _NOT_SOLD
    return texts.say(sentence, name=texts.isolate(offer.name if offer else problem.sku))


_NOT_HERE = N_("%(name)s is not available at your address.")
_NOT_SOLD = N_("%(name)s is not available any more.")


def list_lines(verdict: Verdict, offers: Offers | None, cart: Cart, texts: Texts) -> tuple[LineView, ...]:
    problems = {
        problem.sku: say_problem(problem, offers, texts) for problem in verdict.problems if problem.sku
    }
    return tuple(
        _make_line(sku, quantity, (offers or {}).get(sku), problems.get(sku, ""), texts)
        for sku, quantity in cart.items
    )


def _make_line(sku: str, quantity: int, offer: Offer | None, problem: str, texts: Texts) -> LineView:
    choices = tuple(sorted({*range(1, _ENOUGH + 1), quantity}))
    if offer is None:
        return LineView(sku=sku, name=sku, quantity=quantity, choices=choices, problem=problem)
    return LineView(
        sku=sku,
        name=offer.name,
        quantity=quantity,
        choices=choices,
        price=texts.format_price(offer.price, offer.currency) if quantity > 1 else "",
        total=texts.format_price(offer.price * quantity, offer.currency),
        problem=problem,
    )


def format_total(offers: Offers | None, cart: Cart, texts: Texts) -> str:
    """Of what is an offer; empty when nothing is, or nobody can tell."""
    known = [(offers[sku], quantity) for sku, quantity in cart.items if offers and sku in offers]
    if not known:
        return ""
    total = sum((offer.price * quantity for offer, quantity in known), Decimal(0))
    return texts.format_price(total, known[0][0].currency)


def make_removed(
    removed: Items, offers: Offers | None, cart: Cart, texts: Texts, *, csrf: str
) -> RemovedView | None:
    """None when it is back, or was never named."""
    if len(removed) != 1 or cart.find(removed[0][0]):
        return None
    sku, quantity = removed[0]
    offer = (offers or {}).get(sku)
    path = f"{ADD}?{urlencode({'csrf': csrf})}"
    name = texts.isolate(offer.name if offer else sku)
    return RemovedView(name=name, sku=sku, quantity=min(quantity, MOST_OF_ONE), path=path)


def make_change_path(csrf: str) -> str:
    return f"{CHANGE}?{urlencode({'csrf': csrf})}"


def digest_order(verdict: Verdict, offers: Offers | None, cart: Cart) -> str:
    """Equal when the same is shown of cart and verdict; when to try again does not count."""
    problems = [(each.code, each.product_type, each.sku, each.message) for each in verdict.problems]
    prices = [str(offers[sku].price) for sku, _ in cart.items if offers and sku in offers]
    shown = (format_items(cart.items), verdict.next_action, problems, prices)
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:16]
