"""What the processes are connected to: opened once per process and handed to whatever needs it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from bff.db import Database
from bff.jobs import Jobs
from bff.legacy import LegacyTable
from bff.safekeeping.scanning import Scanner
from bff.safekeeping.sealing import DocumentKeys
from bff.salesforce_side import make_salesforce_side, opened_in_order
from bff.settings import Settings
from bff.sms import SmsSender
from bff.sms.choosing import make_sms_sender
from cache.broadcast import Broadcast
from cache.connection import Redis
from cache.limits import Limiter
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.document_transfers import DocumentTransfers
from sf_sync.documents import Documents
from sf_sync.offers import Offers
from sf_sync.orders import Orders
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
    documents: Documents
    offers: Offers
    orders: Orders
    document_keys: DocumentKeys
    scanner: Scanner | None
    legacy: LegacyTable
    transfers: DocumentTransfers
    sms: SmsSender | None = None


def make_adapters(settings: Settings, *, client: SalesforceClient | None = None) -> Adapters:
    """Everything built from the settings and nothing opened yet; `client` stands for the one made from them."""
    side = make_salesforce_side(settings, client)
    clamd_address = settings.documents.clamd_address
    database = Database(settings.database)
    return Adapters(
        database=database,
        jobs=Jobs(settings.database),
        limiter=Limiter(side.redis),
        documents=Documents(side.client),
        offers=Offers(side.client),
        orders=Orders(side.client),
        document_keys=DocumentKeys(settings.documents.keys),
        scanner=Scanner(clamd_address) if clamd_address else None,
        legacy=LegacyTable(database, settings.legacy),
        transfers=DocumentTransfers(side.client),
        sms=make_sms_sender(settings.sms),
        **msgspec.structs.asdict(side),
    )


@asynccontextmanager
async def opened(adapters: Adapters) -> AsyncIterator[Adapters]:
    """Opens in the order of need and closes in reverse; an engine that is away does not stop the start."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(adapters.database.close)
        if adapters.sms is not None:
            stack.push_async_callback(adapters.sms.close)
        stack.push_async_callback(adapters.legacy.close)
        await stack.enter_async_context(opened_in_order(adapters.redis, adapters.broadcast, adapters.client))
        yield adapters
