"""Two orgs in turn on one database connection, with cancelled and failing requests in between: nobody's rows stay."""

import asyncio
import random
import sys
from collections import Counter
from uuid import uuid4

import httpx
import msgspec
import pytest
from sqlalchemy import text

from bff.settings import Settings
from tests.fixtures.portal import Portal
from tests.integration.bff.customers.desk import CUSTOMERS, DEMO, OMAN, STUB, Desk

pytestmark = pytest.mark.asyncio

AT_ONCE = 20
MARKS = {"demo": "demo-mark", "oman": "oman-mark"}
ADD = text("INSERT INTO customers (org_id, id, kind, first_name) VALUES (:org, :id, 'guest', :mark)")


@pytest.fixture
def portal_settings(portal_settings: Settings) -> Settings:
    """Whatever one request leaves behind on the connection, the next one meets."""
    database = msgspec.structs.replace(
        portal_settings.database, pool_size=1, pool_overflow=0, pool_timeout_s=30
    )
    return msgspec.structs.replace(portal_settings, database=database)


async def put_customers(portal: Portal) -> dict[str, str]:
    """One marked customer in each org; its id by org."""
    ids = {}
    for org in (DEMO, OMAN):
        ids[org.slug] = str(uuid4())
        async with portal.adapters.database.transaction(org.id) as session:
            await session.execute(ADD, {"org": org.id, "id": ids[org.slug], "mark": MARKS[org.slug]})
    return ids


class Traffic:
    """Requests of both orgs' callers; counts what came of them and keeps what was foreign."""

    def __init__(
        self, clients: dict[str, httpx.AsyncClient], ids: dict[str, str], dice: random.Random
    ) -> None:
        self._clients, self._ids, self._dice = clients, ids, dice
        self.outcomes: Counter[str] = Counter()
        self.foreign: list[str] = []

    async def send(self, org: str) -> None:
        fate = self._dice.random()
        try:
            async with asyncio.timeout(self._dice.uniform(0.0, 0.02) if fate < 0.2 else None):
                answer = await self._ask(org, fate)
        except TimeoutError:
            self.outcomes["cancelled"] += 1
            return
        self.outcomes[str(answer.status_code)] += 1
        other = "oman" if org == "demo" else "demo"
        if MARKS[other] in answer.text or self._ids[other] in answer.text:
            self.foreign.append(f"{org}: {answer.request.method} {answer.request.url.path}")

    async def _ask(self, org: str, fate: float) -> httpx.Response:
        client, other = self._clients[org], "oman" if org == "demo" else "demo"
        if fate > 0.9:
            # Refused inside its transaction, which rolls back.
            return await client.post(f"{CUSTOMERS}/{self._ids[org]}/upgrade", json={"type": "stub"})
        if fate > 0.8:
            foreign = await client.get(f"{CUSTOMERS}/{self._ids[other]}")
            assert foreign.status_code == 404
            return foreign
        if fate > 0.7:
            return await client.post(CUSTOMERS, json=STUB | {"phone": "12"})
        if fate > 0.6:
            return await client.get(f"{CUSTOMERS}/{self._ids[org]}")
        return await client.get(CUSTOMERS, params={"limit": 5})


async def run(portal: Portal, requests: int) -> Traffic:
    desk, ids = Desk(portal), await put_customers(portal)
    async with desk.machine(org=DEMO) as here, desk.machine(org=OMAN) as there:
        traffic = Traffic({"demo": here, "oman": there}, ids, random.Random(7))
        for _ in range(requests // AT_ONCE):
            await asyncio.gather(*(traffic.send("demo" if n % 2 else "oman") for n in range(AT_ONCE)))
    return traffic


async def check(portal: Portal, requests: int) -> None:
    traffic = await run(portal, requests)
    sys.stderr.write(f"\n{requests} requests on one connection: {dict(traffic.outcomes.most_common())}\n")

    assert traffic.foreign == []
    assert traffic.outcomes["cancelled"] > requests / 100
    assert traffic.outcomes["200"] > requests / 4
    assert traffic.outcomes["422"] > requests / 20
    assert not any(status.startswith("5") for status in traffic.outcomes), traffic.outcomes


class TestPoolOfOne:
    async def test_gives_1_000_requests_no_foreign_row(self, portal: Portal) -> None:
        await check(portal, 1_000)

    async def test_would_show_them_if_the_org_were_set_for_the_session(self, portal: Portal) -> None:
        """What setting it for each transaction is for."""
        await put_customers(portal)
        database = portal.adapters.database
        async with database.orgless() as session:
            await session.execute(text("SELECT set_config('app.org', :org, false)"), {"org": str(OMAN.id)})
        async with database.orgless() as session:
            seen = (await session.execute(text("SELECT first_name FROM customers"))).scalars().all()
            await session.execute(text("RESET app.org"))

        assert seen == [MARKS["oman"]]

    @pytest.mark.soak
    @pytest.mark.timeout(600)
    async def test_gives_10_000_requests_no_foreign_row(self, portal: Portal) -> None:
        await check(portal, 10_000)
