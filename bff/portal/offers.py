"""The offers of one product type as one customer meets them: what there is, and what keeps it from being ordered."""

import asyncio

import msgspec

from bff.catalog import Catalogue
from bff.catalog.rules import ShownOffer
from bff.checkout.positions import Positions
from bff.checkout.rules import Problem, judge
from bff.identity import Caller
from sf_sync.accounts import SourceUnavailable
from sf_sync.objects.offer import ProductType


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """`offers` None: nobody can tell what there is. `problem` is the gate's, of an order for any of them."""

    product_type: ProductType
    offers: tuple[ShownOffer, ...] | None
    problem: Problem | None


class Shop:
    """One per process."""

    def __init__(self, catalogue: Catalogue, positions: Positions) -> None:
        self._catalogue = catalogue
        self._positions = positions

    async def look(self, caller: Caller, product_type: ProductType) -> Shelf:
        offers, position = await asyncio.gather(
            self._find_offers(caller, product_type), self._positions.read(caller)
        )
        return Shelf(product_type=product_type, offers=offers, problem=judge(product_type, position.standing))

    async def _find_offers(self, caller: Caller, product_type: ProductType) -> tuple[ShownOffer, ...] | None:
        try:
            return tuple(await self._catalogue.show(caller, product_type))
        except SourceUnavailable:
            return None
