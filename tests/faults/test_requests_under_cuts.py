"""Many customers ask for a review while answers are cut: every one gets exactly one Case."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bff.deliveries import Deliveries, DeliveryState
from bff.demo.people import DEMO_ORGS
from bff.eligibility.acceptance import Asked
from bff.eligibility.service import Eligibility
from bff.identity import Caller
from bff.identity.caller import CallerKind
from sf_sync.client.breaker import Breaker
from sf_sync.emulator.app import Emulator
from tests.fixtures.portal import Portal
from tests.integration.bff.scene import Scene, scene
from tests.integration.sf_sync.org import change

__all__ = ["scene"]

AT_ONCE = 8
CUT_AFTER, CUT_BEFORE = 0.2, 0.1
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


async def ask(eligibility: Eligibility, callers: list[Caller]) -> Counter[int]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask_one(caller: Caller) -> int:
        async with gate:
            return (await eligibility.request_review(caller, Asked())).status

    return Counter(await asyncio.gather(*(ask_one(caller) for caller in callers)))


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


@pytest.mark.fault
@pytest.mark.timeout(900)
@pytest.mark.asyncio
class TestRequestsUnderCuts:
    @pytest.mark.parametrize("requests", [300, pytest.param(2_000, marks=pytest.mark.soak)])
    async def test_open_exactly_one_case_each(self, scene: Scene, requests: int) -> None:
        emulator = scene.emulator
        callers = await make_customers(scene.portal, make_accounts(emulator, requests))
        # The breaker would rest for ten seconds at every third cut in a row; here each cut shall meet a call.
        async with scene.another_process(breaker=Breaker(failures_to_open=10_000)) as process:
            deliveries = Deliveries(process.adapters)
            eligibility = Eligibility(process.adapters, deliveries, requests_per_minute=60)
            emulator.faults.change({"seed": 7, "cut_after_ratio": CUT_AFTER, "cut_before_ratio": CUT_BEFORE})

            answers = await ask(eligibility, callers)
            await deliver_all(scene, deliveries)

        assert answers == {202: requests}
        cases = Counter(case["AccountId"] for case in emulator.org.select("Case"))
        asked = {str(caller.account_id) for caller in callers}
        assert {account_id: cases[account_id] for account_id in asked} == dict.fromkeys(asked, 1)
        states = await scene.list_rows("SELECT state, count(*) FROM deliveries GROUP BY state")
        assert states == [{"state": DeliveryState.DELIVERED, "count": requests}]
