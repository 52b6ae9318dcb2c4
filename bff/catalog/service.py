"""Reading the catalogue, and showing it to one customer."""

import asyncio
from contextlib import suppress

from bff.catalog.rules import ShownOffer, pick_currency, select_offers
from bff.identity import Caller
from bff.overrides import OverrideReader
from cache.errors import CacheError
from sf_sync.accounts import AccountNotFound, AccountView, SourceUnavailable
from sf_sync.objects.account import EligibilityFacts
from sf_sync.objects.offer import Offer, ProductType
from sf_sync.offers import OfferView

PATIENCE_S = 0.15


class Catalogue:
    """One per process."""

    def __init__(self, offer_view: OfferView, account_view: AccountView, overrides: OverrideReader) -> None:
        self._offer_view = offer_view
        self._account_view = account_view
        self._overrides = overrides
        self._by_region: dict[str, tuple[tuple[Offer, ...], dict[str, Offer]]] = {}

    async def read(self, region: str) -> dict[str, Offer]:
        """The offers by SKU for customers of this region. Not to be changed: readings share it.

        Raises:
            SourceUnavailable: of `sf_sync.accounts`; nothing is cached and Salesforce does not answer.
        """
        offers = (await self._offer_view.read()).offers
        known = self._by_region.get(region)
        if known is None or known[0] is not offers:
            known = self._by_region[region] = (offers, pick_currency(offers, region))
        return known[1]

    async def read_soon(self, region: str, *, within_s: float) -> dict[str, Offer]:
        """For an order, which checks its offers at Salesforce anyway: what was read last will do, however long ago.

        Raises:
            SourceUnavailable: nothing was read before, and nothing can be within the time.
        """
        known = self._by_region.get(region)
        try:
            async with asyncio.timeout(min(PATIENCE_S, within_s) if known else within_s):
                return await self.read(region)
        except SourceUnavailable:
            if known is None:
                raise
        except TimeoutError as error:
            if known is None:
                raise SourceUnavailable(retry_after_s=1) from error
        return known[1]

    async def forget(self) -> None:
        """Salesforce says something else than the cached offers do; without Redis nothing is cached."""
        with suppress(CacheError):
            await self._offer_view.invalidate()

    async def show(self, caller: Caller, product_type: ProductType | None = None) -> list[ShownOffer]:
        """What this customer may see.

        Raises:
            SourceUnavailable: as `read`.
        """
        offers, facts, overridden = await asyncio.gather(
            self.read(caller.region), self._find_facts(caller), self._overrides.find_active(caller)
        )
        is_overridden = ProductType.INTERNET in overridden
        return select_offers(offers.values(), facts, product_type=product_type, is_overridden=is_overridden)

    async def _find_facts(self, caller: Caller) -> EligibilityFacts | None:
        """None while nobody can tell: then no plan is promised to fit."""
        if caller.account_id is None:
            return None
        try:
            return (await self._account_view.read(caller.org_id, caller.account_id)).facts.eligibility
        except (AccountNotFound, SourceUnavailable):
            return None
