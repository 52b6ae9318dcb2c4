"""The cart: what a customer wants to order, kept in a cookie of our own and nowhere else.

It holds SKUs and quantities only; what they are and cost is read anew each time. So it needs no script and no
database, and outlives whatever refuses an order. What is malformed, or another customer's, is an empty cart.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from bff.checkout.schemas import MOST_ITEMS, MOST_OF_ONE
from bff.errors import PortalError
from bff.identity import Caller
from bff.texts import N_

COOKIE = "cart"
KEEP_S = 14 * 24 * 3600

_ITEM = r"[A-Za-z0-9._-]{1,80}:[1-9][0-9]?"
_ITEMS = re.compile(rf"{_ITEM}(?:\|{_ITEM}){{0,{MOST_ITEMS - 1}}}")
_COOKIE = re.compile(rf"([0-9a-f]{{16}})\.([0-9a-f]{{32}})\.({_ITEMS.pattern})")

Items = tuple[tuple[str, int], ...]
"""SKU and quantity, each SKU once."""


class CartFull(PortalError):
    """An order has at most 20 lines."""

    status = 409
    code = "cart_full"
    detail = N_("Your cart is full. Order what is in it, or remove something first.")


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the Idempotency-Key of the order that it becomes, so that reloading, going back and clicking twice all
    make one order.
    """

    id: str
    items: Items = ()

    @property
    def count(self) -> int:
        return sum(quantity for _, quantity in self.items)

    def find(self, sku: str) -> int:
        """How many of it there are."""
        return dict(self.items).get(sku, 0)

    def add(self, sku: str, quantity: int = 1) -> "Cart":
        """
        Raises:
            CartFull
        """
        return self.change(sku, self.find(sku) + quantity)

    def change(self, sku: str, quantity: int) -> "Cart":
        """To so many of it, 99 at most; none takes it out.

        Raises:
            CartFull
        """
        items = {**dict(self.items), sku: min(quantity, MOST_OF_ONE)}
        kept = tuple((each, number) for each, number in items.items() if number > 0)
        if len(kept) > MOST_ITEMS:
            raise CartFull
        return Cart(id=self.id, items=kept)

    def renew(self) -> "Cart":
        """The same for another order: the one under its old id was refused."""
        return Cart(id=make_id(), items=self.items)


def make_id() -> str:
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None


def make_empty_cart() -> Cart:
    return Cart(id=make_id())


def parse_items(text: str) -> Items | None:
    """None for what `format_items` did not make."""
    if not _ITEMS.fullmatch(text):
        return None
    pairs = [item.split(":") for item in text.split("|")]
    items = tuple((sku, int(quantity)) for sku, quantity in pairs)
    return items if len(dict(items)) == len(items) else None


def format_items(items: Iterable[tuple[str, int]]) -> str:
    return "|".join(f"{sku}:{quantity}" for sku, quantity in items)


def parse_cart(text: str, caller: Caller) -> Cart:
    found = _COOKIE.fullmatch(text)
    if not found or found[1] != _make_owner(caller):
        return make_empty_cart()
    items = parse_items(found[3])
    return Cart(id=found[2], items=items) if items else make_empty_cart()


def format_cart(cart: Cart, caller: Caller) -> str:
    """At most 1.8 kB, of signs that a cookie takes without quotes."""
    return f"{_make_owner(caller)}.{cart.id}.{format_items(cart.items)}"


def make_cart_cookie(cart: Cart, caller: Caller, *, is_development: bool) -> Cookie:
    """An empty cart takes the cookie away. In development the portal has no TLS, and `Secure` would withhold it."""
    return Cookie(
        key=COOKIE,
        value=format_cart(cart, caller) if cart.items else "",
        path="/",
        max_age=KEEP_S if cart.items else 0,
        secure=not is_development,
        httponly=True,
        samesite="lax",
    )


def provide_cart(request: Request[Any, Any, Any], caller: NamedDependency[Caller]) -> Cart:
    return parse_cart(request.cookies.get(COOKIE, ""), caller)


def _make_owner(caller: Caller) -> str:
    """Who else signs in on this machine gets a cart of their own. No secret: a cart opens nothing."""
    return hashlib.sha256(f"cart:{caller.customer_id}".encode()).hexdigest()[:16]
