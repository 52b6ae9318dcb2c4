"""The catalogue as the feed keeps it: a change of a product or a price is seen, whichever topic tells of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.emulator.app import Emulator
from sf_sync.feed.feed import Feed
from sf_sync.feed.offer_changes import OfferWatch, make_offer_topics
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.state import FeedMode
from sf_sync.offers import Offers, OfferView
from sf_sync.salesforce import Salesforce
from tests.fixtures.emulator import EmulatorServer
from tests.integration.sf_sync.org import change, list_calls

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def offer_view(salesforce_client: SalesforceClient, redis: Redis) -> OfferView:
    return OfferView(Offers(salesforce_client), redis)


def find_id(emulator: Emulator, entity: str, sku: str) -> str:
    return str(next(emulator.org.select(entity, lambda row: row.get("ProductCode") == sku))["Id"])


class TestOfferView:
    async def test_reads_once_for_many(self, offer_view: OfferView, emulator: Emulator) -> None:
        seen = await asyncio.gather(*(offer_view.read() for _ in range(100)))

        assert {len(one.offers) for one in seen} == {7}
        assert len(list_calls(emulator)) == 1

    async def test_lists_changed_products_and_prices(
        self, salesforce_client: SalesforceClient, emulator: Emulator
    ) -> None:
        offers, since = Offers(salesforce_client), datetime.now(UTC) - timedelta(hours=1)
        with change(emulator) as transaction:
            transaction.delete("PricebookEntry", find_id(emulator, "PricebookEntry", "SIM-3G"))

        products = await offers.list_changed("Product2", since)
        prices = await offers.list_changed("PricebookEntry", since)
        rest = await offers.list_changed("Product2", products[2].modified_at, after_id=products[2].record_id)

        assert (len(products), len(prices)) == (7, 7)
        assert rest == products[3:]


class TestOfferWatch:
    async def test_beats_only_while_both_topics_are_followed(
        self, offer_view: OfferView, redis: Redis
    ) -> None:
        watch, now = OfferWatch(offer_view, ["Product2", "PricebookEntry"]), datetime.now(UTC)

        await watch.beat("Product2", 6.0, now=now)
        assert await redis.call("EXISTS", "{offers}:beat") == 0
        await watch.beat("PricebookEntry", 6.0, now=now + timedelta(seconds=1))
        assert await redis.call("EXISTS", "{offers}:beat") == 1

    async def test_falls_silent_when_one_topic_does(self, offer_view: OfferView, redis: Redis) -> None:
        watch, now = OfferWatch(offer_view, ["Product2", "PricebookEntry"]), datetime.now(UTC)
        await watch.beat("Product2", 6.0, now=now)

        await watch.beat("PricebookEntry", 6.0, now=now + timedelta(seconds=7))

        assert await redis.call("EXISTS", "{offers}:beat") == 0


Followed = tuple[Emulator, OfferView]


@pytest_asyncio.fixture
async def followed(
    emulator_server: EmulatorServer, redis: Redis, broadcast: Broadcast
) -> AsyncIterator[Followed]:
    """The offers of an emulator whose changes a feed follows."""
    client = SalesforceClient(emulator_server.settings)
    await client.open()
    view = AccountView(Salesforce(client), redis, broadcast)
    settings = FeedSettings(pubsub_target=emulator_server.pubsub_target, pubsub_tls=False, live_after_s=0.2)
    feed = Feed(view, client, redis, settings, more_topics=make_offer_topics(client, redis))
    stop = asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    await until(lambda: {state.mode for state in feed.describe().values()} == {FeedMode.LIVE})
    yield emulator_server.emulator, OfferView(Offers(client), redis)
    stop.set()
    await running
    await client.close()


async def until(is_met: Callable[[], bool]) -> None:
    """Waits for a state that nothing announces."""
    async with asyncio.timeout(10):
        while not is_met():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def until_shown(view: OfferView, skus: set[str], prices: set[int]) -> None:
    async with asyncio.timeout(10):
        while True:
            offers = (await view.read()).offers
            if skus <= {offer.sku for offer in offers} and prices <= {offer.price for offer in offers}:
                return
            await asyncio.sleep(0.02)


class TestFeed:
    async def test_brings_a_new_price(self, followed: Followed) -> None:
        emulator, view = followed
        await view.read()

        with change(emulator) as transaction:
            transaction.update(
                "PricebookEntry", find_id(emulator, "PricebookEntry", "SIM-3G"), {"UnitPrice": 1_090}
            )

        await until_shown(view, {"SIM-3G"}, {1_090})

    async def test_brings_a_new_name(self, followed: Followed) -> None:
        emulator, view = followed
        await view.read()

        with change(emulator) as transaction:
            transaction.update("Product2", find_id(emulator, "Product2", "SIM-3G"), {"ProductCode": "SIM-4G"})

        await until_shown(view, {"SIM-4G"}, {990})
