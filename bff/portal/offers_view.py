"""Offers as their template needs them: words and shapes, no decision."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from bff.catalog.rules import ShownOffer
from bff.checkout.rules import SENTENCES, Problem, ProblemCode
from bff.checkout.schemas import MOST_OF_ONE
from bff.next_actions import NextActionCode, make_next_action
from bff.portal.cart import Cart
from bff.portal.offers import Shelf
from bff.portal.places import ADD, CHECKOUT, INTERNET, SIM
from bff.portal.views import SUPPORT, Link
from bff.texts import N_, Texts
from sf_sync.objects.offer import ProductType


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """`in_cart` is how many of it are there, in words; `is_full`: no more go in."""

    sku: str
    name: str
    description: str
    price: str
    in_cart: str = ""
    is_full: bool = False


class OffersView(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is why they cannot be ordered yet, with the one `step` to take on the same page. `empty` stands in place
    of offers, with `action` below it.
    """

    title: str
    lead: str
    path: str
    shop: str
    offers: tuple[OfferView, ...] = ()
    reason: str = ""
    promise: str = ""
    step: Link | None = None
    empty: str = ""
    action: Link | None = None
    checkout: str = CHECKOUT


_TITLES = {ProductType.INTERNET: N_("Internet plans"), ProductType.SIM: N_("SIM plans")}
_LEADS = {
    ProductType.INTERNET: N_("Plans that your address can have. Prices are for a month."),
    ProductType.SIM: N_("Keep your number or take a new one. Prices are for a month."),
}
_UNREVIEWED = N_("Which of them your address can have turns out in the review. Prices are for a month.")
_UNREADABLE = N_("We cannot show our plans at the moment. Nothing is lost; please try again shortly.")
_NOTHING_FITS = N_(
    "There is no plan for your address at the moment. Our support team knows what else is possible."
)
_NOTHING_SOLD = N_("There is no plan at the moment. Please come back later.")
_PLACES = {ProductType.INTERNET: INTERNET, ProductType.SIM: SIM}

PROMISES: Mapping[ProblemCode, str] = {
    ProblemCode.ELIGIBILITY_NOT_REQUESTED: N_(
        "You can choose a plan now and order it as soon as your address has been checked."
    ),
    ProblemCode.ELIGIBILITY_PENDING: N_(
        "You can choose a plan now and order it as soon as your address has been checked."
    ),
    ProblemCode.ID_NOT_SUBMITTED: N_("You can choose a plan now and send the picture when you order."),
    ProblemCode.ID_REJECTED: N_("You can choose a plan now and send the picture when you order."),
    ProblemCode.SOURCE_UNAVAILABLE: N_("You can choose a plan now; we check again when you order."),
}

_STEPS = {
    NextActionCode.ADD_ADDRESS: "#request-title",
    NextActionCode.REQUEST_REVIEW: "#request-title",
    NextActionCode.UPLOAD_ID: "#upload-title",
    NextActionCode.RESUBMIT_ID: "#upload-title",
    NextActionCode.CONTACT_SUPPORT: SUPPORT,
}


def make_offers_view(shelf: Shelf, cart: Cart, texts: Texts, *, csrf: str) -> OffersView | None:
    """None where the status has said all there is to say: an address that cannot be served has no plans."""
    if shelf.offers is not None and not shelf.offers:
        if shelf.problem is not None and shelf.problem.code is ProblemCode.ELIGIBILITY_INELIGIBLE:
            return None
        return _make_empty(shelf, texts)
    if shelf.offers is None:
        again = Link(_PLACES[shelf.product_type], texts.say(N_("Try again")))
        return OffersView(**_make_frame(shelf, texts, csrf), empty=texts.say(_UNREADABLE), action=again)
    return OffersView(
        **_make_frame(shelf, texts, csrf),
        offers=tuple(_make_offer(shown, cart, texts) for shown in shelf.offers),
        reason=texts.say(SENTENCES[shelf.problem.code]) if shelf.problem else "",
        promise=texts.say(PROMISES.get(shelf.problem.code, "")) if shelf.problem else "",
        step=_find_step(shelf.problem, texts),
    )


def _make_frame(shelf: Shelf, texts: Texts, csrf: str) -> dict[str, Any]:
    is_unreviewed = any(shown.fits is None for shown in shelf.offers or ())
    lead = _UNREVIEWED if is_unreviewed else _LEADS[shelf.product_type]
    return {
        "title": texts.say(_TITLES[shelf.product_type]),
        "lead": texts.say(lead) if shelf.offers else "",
        "path": f"{ADD}?{urlencode({'csrf': csrf})}",
        "shop": shelf.product_type.value,
    }


def _make_empty(shelf: Shelf, texts: Texts) -> OffersView:
    is_internet = shelf.product_type is ProductType.INTERNET
    return OffersView(
        **_make_frame(shelf, texts, ""), empty=texts.say(_NOTHING_FITS if is_internet else _NOTHING_SOLD)
    )


def _make_offer(shown: ShownOffer, cart: Cart, texts: Texts) -> OfferView:
    offer, number = shown.offer, cart.find(shown.offer.sku)
    return OfferView(
        sku=offer.sku,
        name=offer.name,
        description=offer.description or "",
        price=texts.format_price(offer.price, offer.currency),
        in_cart=texts.say(N_("In your cart: %(number)s"), number=number) if number else "",
        is_full=number >= MOST_OF_ONE,
    )


def _find_step(problem: Problem | None, texts: Texts) -> Link | None:
    """Waiting needs no link."""
    if problem is None or problem.next_action not in _STEPS:
        return None
    return Link(_STEPS[problem.next_action], make_next_action(problem.next_action, texts).label)


def find_added(shelf: Shelf, cart: Cart, sku: str, texts: Texts) -> str:
    """The name of the offer that has just been put into the cart; empty when it is not there."""
    names = {shown.offer.sku: texts.isolate(shown.offer.name) for shown in shelf.offers or ()}
    return names.get(sku, "") if cart.find(sku) else ""
