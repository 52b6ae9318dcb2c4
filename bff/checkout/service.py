"""Evaluating a cart: read the account once, let the gate decide."""

import asyncio
from collections.abc import Mapping, Sequence

from bff.catalog import Catalogue
from bff.checkout.positions import Positions
from bff.checkout.rules import CartLine, Verdict, evaluate, refuse_unread_catalogue
from bff.identity import Caller
from sf_sync.accounts import SourceUnavailable
from sf_sync.objects.offer import Offer

Items = Sequence[tuple[str, int]]
"""SKU and quantity."""


class Checkout:
    """One per process."""

    def __init__(self, positions: Positions, catalogue: Catalogue) -> None:
        self._positions = positions
        self._catalogue = catalogue

    async def evaluate(self, caller: Caller, items: Items) -> Verdict:
        """For pages and carts: may answer from the cache, so it paints a button and lets nothing through."""
        offers, position = await asyncio.gather(self._find_offers(caller), self._positions.read(caller))
        if isinstance(offers, SourceUnavailable):
            return refuse_unread_catalogue(offers.retry_after_s)
        return evaluate(make_lines(items, offers), position.standing)

    async def _find_offers(self, caller: Caller) -> Mapping[str, Offer] | SourceUnavailable:
        try:
            return await self._catalogue.read(caller.region)
        except SourceUnavailable as away:
            return away


def make_lines(items: Items, offers: Mapping[str, Offer]) -> list[CartLine]:
    """A SKU that is no active offer has no product type."""
    return [_make_line(sku, quantity, offers.get(sku)) for sku, quantity in items]


def _make_line(sku: str, quantity: int, offer: Offer | None) -> CartLine:
    if offer is None:
        return CartLine(sku, quantity, None)
    return CartLine(sku, quantity, offer.product_type, offer.fits)
