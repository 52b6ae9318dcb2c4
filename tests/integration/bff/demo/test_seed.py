"""The demo people, on both sides."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from bff.db import Database
from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.demo.seed import seed_demo
from bff.identity.principals import Principals
from sf_sync.client import SalesforceClient
from sf_sync.salesforce import Salesforce
from sf_sync.settings import SalesforceSettings

LIST = text(
    "SELECT email, account_id, contact_id,"
    " (SELECT count(*) FROM addresses AS a WHERE a.customer_id = c.id) AS addresses FROM customers AS c"
)


@pytest.fixture
def salesforce(salesforce_client: SalesforceClient) -> Salesforce:
    return Salesforce(salesforce_client)


@pytest_asyncio.fixture
async def unreachable(salesforce_settings: SalesforceSettings) -> AsyncIterator[Salesforce]:
    async def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens")

    client = SalesforceClient(salesforce_settings, transport=httpx.MockTransport(refuse))
    await client.open()
    yield Salesforce(client)
    await client.close()


async def list_customers(database: Database) -> dict[str, tuple[str | None, str | None, int]]:
    async with database.transaction(DEMO_ORGS[0].id) as session:
        rows = (await session.execute(LIST)).all()
    return {row.email.partition("@")[0]: (row.account_id, row.contact_id, row.addresses) for row in rows}


class TestSeed:
    @pytest.mark.asyncio
    async def test_puts_customers_in_place_with_account_contact_and_address(
        self, database: Database, salesforce: Salesforce
    ) -> None:
        assert await seed_demo(database, salesforce)

        customers = await list_customers(database)
        assert {name: addresses for name, (_, _, addresses) in customers.items()} == {
            "hana": 1,
            "kenji": 1,
            "noor": 0,
            "omar": 1,
            "sara": 1,
        }
        for account_id, contact_id, _ in customers.values():
            assert account_id is not None
            assert account_id.startswith("001")
            assert contact_id is not None
            assert contact_id.startswith("003")

    @pytest.mark.asyncio
    async def test_lets_everybody_sign_in(self, database: Database, salesforce: Salesforce) -> None:
        await seed_demo(database, salesforce)

        callers = [await Principals(database).find_by_email(person.email) for person in DEMO_PEOPLE]

        roles = [caller and caller.role for caller in callers]
        assert None not in callers
        assert roles == [person.role for person in DEMO_PEOPLE]

    @pytest.mark.asyncio
    async def test_may_be_repeated(self, database: Database, salesforce: Salesforce) -> None:
        await seed_demo(database, salesforce)
        before = await list_customers(database)

        assert await seed_demo(database, salesforce)

        assert await list_customers(database) == before

    @pytest.mark.asyncio
    async def test_keeps_what_a_person_changed(self, database: Database, salesforce: Salesforce) -> None:
        await seed_demo(database, salesforce)
        async with database.transaction(DEMO_ORGS[0].id) as session:
            await session.execute(text("UPDATE addresses SET street = 'elsewhere'"))

        await seed_demo(database, salesforce)

        async with database.transaction(DEMO_ORGS[0].id) as session:
            streets = (await session.execute(text("SELECT DISTINCT street FROM addresses"))).scalars().all()
        assert streets == ["elsewhere"]

    @pytest.mark.asyncio
    async def test_adds_the_links_when_salesforce_is_back(
        self, database: Database, salesforce: Salesforce, unreachable: Salesforce
    ) -> None:
        assert not await seed_demo(database, unreachable)
        assert {account for account, _, _ in (await list_customers(database)).values()} == {None}

        assert await seed_demo(database, salesforce)

        assert None not in {account for account, _, _ in (await list_customers(database)).values()}
