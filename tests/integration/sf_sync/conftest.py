"""The product's verbs on the emulator, and accounts to use them on."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.emulator.app import Emulator
from sf_sync.salesforce import Salesforce
from tests.integration.sf_sync.org import change

MakeAccounts = Callable[..., list[str]]


@pytest.fixture
def salesforce(salesforce_client: SalesforceClient) -> Salesforce:
    return Salesforce(salesforce_client)


@pytest.fixture
def make_accounts(emulator: Emulator) -> MakeAccounts:
    """New accounts in one transaction; the values are those of all of them."""

    def make(count: int = 1, **values: object) -> list[str]:
        with change(emulator) as transaction:
            return [
                transaction.insert("Account", {"Name": f"Customer {number}", **values})
                for number in range(count)
            ]

    return make


@pytest_asyncio.fixture
async def broadcast(redis: Redis, redis_url: str) -> AsyncIterator[Broadcast]:
    broadcast = Broadcast(redis, redis_url, channel="notices")
    await broadcast.open()
    yield broadcast
    await broadcast.close()


@pytest.fixture
def view(salesforce: Salesforce, redis: Redis, broadcast: Broadcast) -> AccountView:
    return AccountView(salesforce, redis, broadcast)
