"""The forms that change the cart. Each leads back to a page that says what was done."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Meta

from bff.checkout.schemas import MOST_OF_ONE, Sku
from bff.errors import InvalidRequest
from bff.identity import Caller, requires_customer
from bff.portal.cart import Cart, CartFull, format_items, make_cart_cookie
from bff.portal.forms import FORM, LARGEST_FORM, read_form
from bff.portal.places import ADD, CHANGE, CHECKOUT, INTERNET, SIM
from bff.settings import Settings

_SHOPS = {"internet": INTERNET, "sim": SIM}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`shop` is the page that it came from, empty for the checkout."""

    sku: Sku
    quantity: Annotated[int, Meta(ge=0, le=MOST_OF_ONE)] = 1
    shop: str = ""


@post(
    ADD,
    guards=[requires_customer],
    opt={"accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def add_to_cart(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    settings: NamedDependency[Settings],
) -> Redirect:
    """Back to the shop that it came from; what was taken out by mistake comes back by the same way."""
    wanted = _parse_change(await read_form(request))
    shop = _SHOPS.get(wanted.shop)
    try:
        cart = cart.add(wanted.sku, wanted.quantity)
    except CartFull:
        return _lead(f"{CHECKOUT}?notice=full", cart, caller, settings)
    place = f"{shop}?{urlencode({'added': wanted.sku})}" if shop else CHECKOUT
    return _lead(place, cart, caller, settings)


@post(
    CHANGE,
    guards=[requires_customer],
    opt={"accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def change_cart(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    settings: NamedDependency[Settings],
) -> Redirect:
    """To another quantity. Of what was taken out the next page knows how much it was, so that it can come back."""
    wanted = _parse_change(await read_form(request))
    had = cart.find(wanted.sku)
    if not had:
        return _lead(CHECKOUT, cart, caller, settings)
    removed = "" if wanted.quantity else f"?{urlencode({'removed': format_items([(wanted.sku, had)])})}"
    return _lead(f"{CHECKOUT}{removed}", cart.change(wanted.sku, wanted.quantity), caller, settings)


def _parse_change(form: dict[str, str]) -> Change:
    try:
        return msgspec.convert(form, Change, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest from error


def _lead(place: str, cart: Cart, caller: Caller, settings: Settings) -> Redirect:
    cookie = make_cart_cookie(cart, caller, is_development=settings.is_development)
    return Redirect(place, status_code=303, cookies=[cookie])
