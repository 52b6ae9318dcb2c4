"""What a process needs to read Salesforce through the cache, without a database.

Apart from `bff.adapters`, so that the feed starts without the libraries of the database and the job queue.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

import msgspec

from bff.settings import Settings
from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.salesforce import Salesforce

CHANNEL = "portal:changes"


class SalesforceSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of each per process; they share the connection to Redis and the client's breaker and budget."""

    redis: Redis
    broadcast: Broadcast
    client: SalesforceClient
    salesforce: Salesforce
    account_view: AccountView


def make_salesforce_side(settings: Settings, client: SalesforceClient | None = None) -> SalesforceSide:
    """Built from the settings and not opened yet; around this client, or one made from them too."""
    redis = Redis.from_url(settings.redis_url, timeout_s=settings.redis_timeout_s)
    broadcast = Broadcast(redis, settings.redis_url, channel=CHANNEL)
    client = client or SalesforceClient(settings.salesforce)
    salesforce = Salesforce(client)
    return SalesforceSide(
        redis=redis,
        broadcast=broadcast,
        client=client,
        salesforce=salesforce,
        account_view=AccountView(salesforce, redis, broadcast),
    )


class Adapter(Protocol):
    """Something outside that is opened before use."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...


@asynccontextmanager
async def opened_in_order(*adapters: Adapter) -> AsyncIterator[None]:
    """Closes in reverse; an engine that is away does not stop the start."""
    async with AsyncExitStack() as stack:
        for adapter in adapters:
            await adapter.open()
            stack.push_async_callback(adapter.close)
        yield
