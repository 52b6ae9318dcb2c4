"""What the processes are connected to: opened once per process and handed to whatever needs it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from bff.db import Database
from bff.jobs import Jobs
from bff.settings import Settings
from cache.broadcast import Broadcast
from cache.connection import Redis
from cache.limits import Limiter
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.salesforce import Salesforce


class Adapters(msgspec.Struct, frozen=True, kw_only=True):
    """The outside world; replace a member to test against another one."""

    database: Database
    jobs: Jobs
    redis: Redis
    limiter: Limiter
    broadcast: Broadcast
    client: SalesforceClient
    salesforce: Salesforce
    account_view: AccountView


def make_adapters(settings: Settings) -> Adapters:
    """Everything built from the settings and nothing opened yet."""
    redis = Redis.from_url(settings.redis_url)
    broadcast = Broadcast(redis, settings.redis_url, channel="portal:changes")
    client = SalesforceClient(settings.salesforce)
    salesforce = Salesforce(client)
    return Adapters(
        database=Database(settings.database),
        jobs=Jobs(settings.database),
        redis=redis,
        limiter=Limiter(redis),
        broadcast=broadcast,
        client=client,
        salesforce=salesforce,
        account_view=AccountView(salesforce, redis, broadcast),
    )


@asynccontextmanager
async def opened(adapters: Adapters) -> AsyncIterator[Adapters]:
    """Opens in the order of need and closes in reverse; an engine that is away does not stop the start."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(adapters.database.close)
        for adapter in (adapters.redis, adapters.broadcast, adapters.client):
            await adapter.open()
            stack.push_async_callback(adapter.close)
        yield adapters
