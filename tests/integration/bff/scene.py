"""A portal and its Salesforce in one hand: what happened there, and a reviewer who acts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
import msgspec
import pytest_asyncio
from msgspec import Struct
from sqlalchemy import text

from bff.app import create_app
from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.client.breaker import Breaker
from sf_sync.document_transfers import DocumentTransfers
from sf_sync.documents import Documents
from sf_sync.emulator.app import Emulator
from sf_sync.offers import Offers
from sf_sync.orders import Orders
from sf_sync.salesforce import Salesforce
from tests.fixtures.portal import Portal
from tests.integration.sf_sync.org import list_calls, list_cases, update_account

STATUS = "/api/eligibility/internet"
REQUEST = "/api/eligibility/internet/request"
SHIBUYA = {"street": "1-2-3 Jingumae", "city": "Tokyo", "postalCode": "150-0001"}
UMEDA = {"street": "3-1-1 Umeda", "city": "Osaka"}


def make_email(name: str) -> str:
    return f"{name}@customer.example"


class Scene(Struct, frozen=True):
    portal: Portal
    emulator: Emulator

    def find_account(self, name: str) -> Any:
        customer_id = uuid5(NAMESPACE_URL, f"portal-bff:customer:{make_email(name)}")
        return self.emulator.org.find_by("Account", "Portal_Customer_Id__c", str(customer_id))[0]

    def list_cases(self, name: str) -> list[Any]:
        return list_cases(self.emulator, self.find_account(name)["Id"])

    def list_calls(self) -> list[str]:
        return list_calls(self.emulator)

    async def decide(self, name: str, status: str, **values: Any) -> None:
        """As a reviewer; and then as the feed, which does not run here, forgets what is cached."""
        account_id = self.find_account(name)["Id"]
        fields = {"Internet_Eligibility_Status__c": status, **values}
        update_account(self.emulator, account_id, **fields)
        await self.portal.adapters.account_view.invalidate([account_id])

    async def forget(self, name: str) -> None:
        await self.portal.adapters.account_view.invalidate([self.find_account(name)["Id"]])

    @asynccontextmanager
    async def another_process(self, *, breaker: Breaker | None = None) -> AsyncIterator[Portal]:
        """The same engines and another client: it has not seen Salesforce fail, so its breaker is closed."""
        adapters, settings = self.portal.adapters, self.portal.settings
        async with httpx.ASGITransport(app=self.emulator.asgi) as transport:
            client = SalesforceClient(settings.salesforce, transport=transport, breaker=breaker)
            await client.open()
            salesforce = Salesforce(client)
            view = AccountView(salesforce, adapters.redis, adapters.broadcast)
            own = msgspec.structs.replace(
                adapters,
                client=client,
                salesforce=salesforce,
                account_view=view,
                documents=Documents(client),
                offers=Offers(client),
                orders=Orders(client),
                transfers=DocumentTransfers(client),
            )
            yield Portal(create_app(settings, own), settings, own, self.portal.data_dir)
            await client.close()

    async def deliver(self) -> None:
        """As a worker does once Salesforce is back: every delivery that waits."""
        # The answer may have been given while its try went on; a claim keeps everybody else away until it ends.
        while await self.list_rows("SELECT id FROM deliveries WHERE claimed_until > now()"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # another connection commits it; there is no event
        async with self.another_process() as worker:
            deliveries = Deliveries(worker.adapters)
            for row in await self.list_rows("SELECT id FROM deliveries WHERE state IN ('waiting', 'parked')"):
                await deliveries.attempt(DEMO_ORGS[0].id, row["id"])

    async def list_rows(self, statement: str) -> list[dict[str, Any]]:
        async with self.portal.adapters.database.transaction(DEMO_ORGS[0].id) as session:
            return [dict(row._mapping) for row in await session.execute(text(statement))]


@pytest_asyncio.fixture
async def scene(portal: Portal, emulator: Emulator) -> AsyncIterator[Scene]:
    emulator.journal.clear()
    yield Scene(portal, emulator)
    emulator.faults.reset()
