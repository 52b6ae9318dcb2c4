"""A source that keeps every entry it is sent, also the second of the same: what the outbox must never cause."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.deliveries import Delivered, Deliveries, Delivery, DeliveryHandler, Outcome, Refused, handler

KIND = "test_ledger"
ACCOUNT = "001000000000001AAA"
READ = text("SELECT state, attempts, unknown, reason, salesforce_id, claim FROM deliveries WHERE id = :id")
JOBS = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND args->>'op_id' = :id")
SETTLED = text("SELECT count(*) FROM audit WHERE action = 'ledger.settled' AND subject = :id")


class Ledger:
    """What is in it, in order; how it behaves is up to the test."""

    def __init__(self) -> None:
        self.entries: list[UUID] = []
        self.sent: list[UUID] = []
        self.searched: list[UUID] = []
        self.in_flight: dict[str, int] = {}
        self.most_in_flight = 0
        self.answer: Callable[[Delivery], Outcome | None] = lambda delivery: None
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, delivery: Delivery) -> Outcome:
        account = delivery.account_id
        self.in_flight[account] = self.in_flight.get(account, 0) + 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight[account])
        try:
            self.sent.append(delivery.id)
            if (answer := self.answer(delivery)) is not None:
                return answer
            await self.gate.wait()
            self.entries.append(delivery.id)
            return Delivered(f"entry-{len(self.entries)}")
        finally:
            self.in_flight[account] -= 1


ledger = Ledger()


@handler(KIND)
class LedgerHandler(DeliveryHandler):
    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        return await ledger.write(delivery)

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        ledger.searched.append(delivery.id)
        return Delivered("found") if delivery.id in ledger.entries else None

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        await record(
            session, org_id=delivery.org_id, actor="test", action="ledger.settled", subject=str(delivery.id)
        )


class Row(msgspec.Struct, frozen=True):
    state: str
    attempts: int
    unknown: bool
    reason: str | None
    salesforce_id: str | None
    claim: UUID | None


class Outbox:
    """The outbox of one org under test."""

    def __init__(self, deliveries: Deliveries, adapters: Adapters, org_id: UUID) -> None:
        self.deliveries = deliveries
        self.database = adapters.database
        self.org_id = org_id

    async def promise(self, account: str = ACCOUNT) -> UUID:
        op_id = uuid4()
        async with self.database.transaction(self.org_id) as session:
            await self.deliveries.enqueue(
                session, kind=KIND, org_id=self.org_id, account_id=account, payload={"n": 1}, op_id=op_id
            )
        return op_id

    async def attempt(self, op_id: UUID, *, budget_s: float = 5.0) -> str:
        return await self.deliveries.attempt(self.org_id, op_id, budget_s=budget_s)

    async def read(self, op_id: UUID) -> Row:
        async with self.database.transaction(self.org_id) as session:
            return Row(*(await session.execute(READ, {"id": op_id})).one())

    async def count_jobs(self, op_id: UUID) -> int:
        return await self._count(JOBS, op_id)

    async def count_settlements(self, op_id: UUID) -> int:
        return await self._count(SETTLED, op_id)

    async def run(self, statement: str, **values: Any) -> None:
        async with self.database.transaction(self.org_id) as session:
            await session.execute(text(statement), values)

    async def _count(self, query: Any, op_id: UUID) -> int:
        async with self.database.transaction(self.org_id) as session:
            return int((await session.execute(query, {"id": str(op_id)})).scalar_one())


async def make_org(adapters: Adapters) -> UUID:
    org = uuid4()
    async with adapters.database.orgless() as session:
        insert = text("INSERT INTO orgs VALUES (:id, :slug, 'Org', 'JP', 'en')")
        await session.execute(insert, {"id": org, "slug": f"o{org.hex}"})
    return org
