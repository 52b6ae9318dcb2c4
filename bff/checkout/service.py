"""Evaluating a cart: read the account once, let the gate decide."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from bff.catalog import Catalogue
from bff.checkout.positions import Position, Positions
from bff.checkout.rules import CartLine, Verdict, evaluate, refuse_unread_catalogue
from bff.identity import Caller
from sf_sync.accounts import SourceUnavailable
from sf_sync.objects.offer import Offer

Items = Sequence[tuple[str, int]]
"""SKU and quantity."""


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with what it was made from. `offers` None: the catalogue could not be read."""

    verdict: Verdict
    position: Position
    offers: Mapping[str, Offer] | None


class Checkout:
    """One per process."""

    def __init__(self, positions: Positions, catalogue: Catalogue) -> None:
        self._positions = positions
        self._catalogue = catalogue

    async def evaluate(self, caller: Caller, items: Items) -> Evaluated:
        """For pages and carts: may answer from the cache, so it paints a button and lets nothing through."""
        offers, position = await asyncio.gather(self._find_offers(caller), self._positions.read(caller))
        if isinstance(offers, SourceUnavailable):
            verdict = refuse_unread_catalogue(offers.retry_after_s)
            return Evaluated(verdict=verdict, position=position, offers=None)
        verdict = evaluate(make_lines(items, offers), position.standing)
        return Evaluated(verdict=verdict, position=position, offers=offers)

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
