"""Workers that are killed at any moment lose no promise and keep none twice."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from bff.adapters import Adapters
from bff.deliveries import Deliveries
from tests.faults.delivery_process import KIND, LIST, PACE
from tests.fixtures.postgres import TestDatabase

PROMISES, ACCOUNTS, KILLS = 200, 60, 8
SETTLED = text("SELECT subject FROM audit WHERE action = 'list.settled'")
OPEN = text("SELECT count(*) FROM deliveries WHERE state <> 'delivered'")


class Workers:
    """Two at a time; whoever is killed is started again."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = {**os.environ, **environ}
        self._children: list[Process] = []

    async def start(self) -> None:
        command = (sys.executable, "-m", "tests.faults.delivery_process")
        self._children.append(
            await asyncio.create_subprocess_exec(*command, env=self._environ, stdout=DEVNULL)
        )

    async def kill_one(self) -> None:
        child = self._children.pop(0)
        child.kill()
        await child.wait()
        await self.start()

    async def stop(self) -> None:
        for child in self._children:
            child.kill()
            await child.wait()


@pytest_asyncio.fixture
async def workers(test_database: TestDatabase, redis_url: str) -> AsyncIterator[Workers]:
    workers = Workers(
        {
            "BFF_ENV": "development",
            "BFF_SECRET_KEY": "only-for-tests-" + "0" * 32,
            "DATABASE_URL": test_database.url,
            "REDIS_URL": redis_url,
            "SALESFORCE_URL": "http://localhost:1",
            "SALESFORCE_CLIENT_ID": "nobody",
            "SALESFORCE_CLIENT_SECRET": "nothing",
            "BFF_DOCUMENT_KEYS": "test:" + "A" * 43 + "=",
        }
    )
    yield workers
    await workers.stop()


@pytest.mark.fault
@pytest.mark.timeout(300)
@pytest.mark.asyncio
async def test_each_promise_is_kept_once_whoever_is_killed(
    portal_adapters: Adapters, workers: Workers
) -> None:
    org_id, dice = await make_org(portal_adapters), random.Random(8)
    await portal_adapters.redis.open()
    await workers.start()
    await workers.start()
    promised = await promise(portal_adapters, org_id)
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(0.3, 1.2))
        await workers.kill_one()

    async with asyncio.timeout(120):
        while await count_open(portal_adapters, org_id):  # noqa: ASYNC110 – another process does it
            await asyncio.sleep(0.2)

    entries = [entry.decode() for entry in await portal_adapters.redis.call("LRANGE", LIST, 0, -1)]
    assert sorted(entries) == sorted(map(str, promised))
    assert sorted(await list_settled(portal_adapters, org_id)) == sorted(map(str, promised))
    await portal_adapters.redis.close()
    await portal_adapters.database.close()


async def make_org(adapters: Adapters) -> UUID:
    org_id = uuid4()
    async with adapters.database.orgless() as session:
        insert = text("INSERT INTO orgs VALUES (:id, 'kills', 'Org', 'JP', 'en')")
        await session.execute(insert, {"id": org_id})
    return org_id


async def promise(adapters: Adapters, org_id: UUID) -> list[UUID]:
    deliveries, promised = Deliveries(adapters, pace=PACE), [uuid4() for _ in range(PROMISES)]
    for number, op_id in enumerate(promised):
        async with adapters.database.transaction(org_id) as session:
            account_id = f"001{number % ACCOUNTS:012d}AAA"
            await deliveries.enqueue(
                session, kind=KIND, org_id=org_id, account_id=account_id, payload={}, op_id=op_id
            )
    return promised


async def count_open(adapters: Adapters, org_id: UUID) -> int:
    async with adapters.database.transaction(org_id) as session:
        return int((await session.execute(OPEN)).scalar_one())


async def list_settled(adapters: Adapters, org_id: UUID) -> list[str]:
    async with adapters.database.transaction(org_id) as session:
        return list((await session.execute(SETTLED)).scalars())
