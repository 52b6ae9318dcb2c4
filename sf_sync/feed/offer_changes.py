"""Topics of the catalogue: a changed product or price makes the cached offers forgotten, all at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cache.connection import Redis
from sf_sync.client import SalesforceClient
from sf_sync.feed.topics import ChangedPage, ChangedRecord, ChangeHandler, Topic
from sf_sync.objects.offer import PRICEBOOK_ENTRY, PRODUCT, OfferEntity
from sf_sync.offers import Offers, OfferView

PAGE = 2000


class OfferWatch:
    """The offers are watched only while both topics are: each tells its beat here, and the view hears of both."""

    def __init__(self, view: OfferView, entities: Sequence[str]) -> None:
        self._view = view
        self._good_until = dict.fromkeys(entities, datetime.min.replace(tzinfo=UTC))

    async def beat(self, entity: str, ttl_s: float, *, now: datetime) -> None:
        self._good_until[entity] = now + timedelta(seconds=ttl_s)
        if min(self._good_until.values()) > now:
            await self._view.beat(ttl_s)


class OfferChanges(ChangeHandler):
    """The catalogue is one cached value, so any change forgets all of it."""

    def __init__(self, entity: OfferEntity, view: OfferView, offers: Offers, watch: OfferWatch) -> None:
        self._entity = entity
        self._view = view
        self._offers = offers
        self._watch = watch

    async def forget(self, record_ids: Sequence[str]) -> None:
        await self._view.invalidate()

    async def forget_all(self) -> None:
        await self._view.invalidate()

    async def beat(self, ttl_s: float) -> None:
        await self._watch.beat(self._entity, ttl_s, now=datetime.now(UTC))

    async def list_changed(self, since: datetime, *, after: ChangedRecord | None) -> ChangedPage:
        start = after.modified_at if after else since
        after_id = after.record_id if after else None
        changes = await self._offers.list_changed(self._entity, start, after_id=after_id, limit=PAGE)
        records = tuple(ChangedRecord(change.record_id, change.modified_at) for change in changes)
        return ChangedPage(records, has_more=len(records) >= PAGE)


def make_offer_topics(client: SalesforceClient, redis: Redis) -> tuple[Topic, ...]:
    """For `Feed(more_topics=…)`."""
    offers = Offers(client)
    view = OfferView(offers, redis)
    watch = OfferWatch(view, [PRODUCT, PRICEBOOK_ENTRY])
    entities: tuple[OfferEntity, ...] = ("Product2", "PricebookEntry")
    return tuple(
        Topic(
            name=f"/data/{entity}ChangeEvent",
            entity=entity,
            handler=OfferChanges(entity, view, offers, watch),
        )
        for entity in entities
    )
