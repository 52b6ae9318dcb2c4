"""Many customers with an account each, and workers who deliver what was promised to them."""

import asyncio
from uuid import UUID, uuid4

from sqlalchemy import text

from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from bff.identity import Caller
from bff.identity.caller import CallerKind
from sf_sync.emulator.app import Emulator
from tests.fixtures.portal import Portal
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import change

AT_ONCE = 8
ORG = DEMO_ORGS[0]

INSERT_CUSTOMER = text(
    "INSERT INTO customers (org_id, id, kind, account_id) VALUES (:org, :id, 'full', :account)"
)
INSERT_ADDRESS = text(
    "INSERT INTO addresses (org_id, id, customer_id, type, street, city, country, is_default)"
    " VALUES (:org, :id, :customer, 'home', '1-2-3 Jingumae', 'Tokyo', 'JP', true)"
)


def make_accounts(emulator: Emulator, count: int) -> list[str]:
    with change(emulator) as transaction:
        return [transaction.insert("Account", {"Name": f"Customer {number}"}) for number in range(count)]


async def make_customers(portal: Portal, accounts: list[str]) -> list[Caller]:
    callers = [make_caller(account_id) for account_id in accounts]
    async with portal.adapters.database.transaction(ORG.id) as session:
        for caller in callers:
            customer = {"org": ORG.id, "id": caller.customer_id, "account": caller.account_id}
            await session.execute(INSERT_CUSTOMER, customer)
            address = {"org": ORG.id, "id": uuid4(), "customer": caller.customer_id}
            await session.execute(INSERT_ADDRESS, address)
    return callers


def make_caller(account_id: str) -> Caller:
    return Caller(
        kind=CallerKind.CUSTOMER,
        org_id=ORG.id,
        org_slug=ORG.slug,
        region="JP",
        locale="en",
        customer_id=uuid4(),
        account_id=account_id,
    )


async def deliver_all(scene: Scene, deliveries: Deliveries) -> int:
    """As workers do, without waiting for the backoff; returns how many rounds it took."""
    for round_number in range(1, 40):
        waiting = await scene.list_rows("SELECT id FROM deliveries WHERE state IN ('waiting', 'parked')")
        if not waiting:
            return round_number
        for at in range(0, len(waiting), AT_ONCE):
            ids: list[UUID] = [row["id"] for row in waiting[at : at + AT_ONCE]]
            await asyncio.gather(*(deliveries.attempt(ORG.id, op_id, budget_s=10) for op_id in ids))
    raise AssertionError(f"{len(waiting)} deliveries never settled")
