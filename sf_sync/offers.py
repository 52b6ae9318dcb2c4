"""What the product asks of Salesforce about its offers, and the cached view of them."""

from datetime import datetime
from typing import Literal

import msgspec
import structlog
from msgspec import Struct

from cache.connection import Redis
from cache.leased import LeasedValues
from cache.policy import LeasePolicy
from sf_sync.accounts import Freshness, make_unavailable
from sf_sync.client import Lane, SalesforceClient
from sf_sync.errors import SalesforceError
from sf_sync.objects import offer
from sf_sync.objects.offer import Offer, OfferEntity
from sf_sync.objects.values import get_instant, get_record_id

NAMESPACE = "offers"
# The catalogue is one value for all orgs of the portal: they share one Salesforce org and its standard price book.
KEY, SCOPE = "standard", "all"
POLICY = LeasePolicy(serve_stale_s=24 * 3600)

_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(tuple[Offer, ...]).decode


class ChangedOffer(Struct, frozen=True, kw_only=True):
    """A product or price that changed; `modified_at` is SystemModstamp."""

    record_id: str
    modified_at: datetime


class Offers:
    """All verbs raise the errors of `sf_sync.errors`."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._settings = client.settings.offers

    async def read(self) -> tuple[Offer, ...]:
        """Every active offer of the standard price book; one call."""
        rows = await self._client.query(offer.format_offers_query(self._settings))
        return offer.parse_offers(rows, self._settings)

    async def list_changed(
        self, entity: OfferEntity, since: datetime, *, after_id: str | None = None, limit: int = 2000
    ) -> tuple[ChangedOffer, ...]:
        """Products or prices changed after (`since`, `after_id`), deleted ones too, oldest change first; one call."""
        soql = offer.format_changes_query(entity, since, after_id, limit)
        rows = await self._client.query(soql, lane=Lane.BACKGROUND, deleted=True)
        return tuple(
            ChangedOffer(record_id=get_record_id(row, "Id"), modified_at=get_instant(row, "SystemModstamp"))
            for row in rows
        )


class OffersSeen(Struct, frozen=True, kw_only=True):
    offers: tuple[Offer, ...]
    freshness: Freshness


class OfferView:
    """The offers as every feature reads them. One per process."""

    def __init__(self, offers: Offers, redis: Redis, *, policy: LeasePolicy = POLICY) -> None:
        self._offers = offers
        self._values = LeasedValues(redis, namespace=NAMESPACE, load=self._load, policy=policy)
        self._decoded: tuple[bytes, tuple[Offer, ...]] = (b"", ())

    async def read(self) -> OffersSeen:
        """From the cache, else from Salesforce by one call for all readers.

        Raises SourceUnavailable.
        """
        try:
            reading = await self._values.read(KEY, SCOPE)
        except SalesforceError as error:
            raise make_unavailable(error) from error
        source: Literal["cache", "salesforce"] = "cache" if reading.source == "cache" else "salesforce"
        freshness = Freshness(as_of=reading.read_at, source=source, stale=reading.stale)
        return OffersSeen(offers=await self._parse(reading.value or b"[]"), freshness=freshness)

    async def invalidate(self) -> None:
        """Forget the offers. Raises CacheUnavailable."""
        await self._values.invalidate([KEY])

    async def beat(self, ttl_s: float) -> None:
        """Changes of products and prices are being followed for the next `ttl_s`. Raises CacheUnavailable."""
        await self._values.beat(ttl_s=ttl_s)

    async def _parse(self, value: bytes) -> tuple[Offer, ...]:
        """Most readings are byte for byte the one before, and decoding them would cost more than all the rest."""
        if value != self._decoded[0]:
            try:
                self._decoded = (value, _decode(value))
            except msgspec.DecodeError:
                _log.error("cached_offers_unusable")  # written by another version of the product
                return await self._read_source()
        return self._decoded[1]

    async def _read_source(self) -> tuple[Offer, ...]:
        try:
            return await self._offers.read()
        except SalesforceError as error:
            raise make_unavailable(error) from error

    async def _load(self, _key: str, _scope: str) -> bytes:
        return msgspec.json.encode(await self._offers.read())
