"""Feed and worker are killed at random while reviewers change accounts and customers ask: nothing lost or doubled."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from bff.db import Database
from bff.demo.people import DEMO_ORGS
from bff.identity import Caller
from bff.identity.caller import CallerKind
from bff.identity.development import sign_token
from bff.settings import Settings
from sf_sync.client import Lane, SalesforceClient
from tests.faults.up_run import UpRun, up_run

KILL_EVERY_S = 1.5
QUIET_S = 90
DATA = "/services/data/v66.0"
ORG = DEMO_ORGS[0]
RESULTS = ("Home", "Apartment")
ADDRESS = {"street": "1-2-3 Jingumae", "city": "Tokyo"}

INSERT_USER = text("INSERT INTO users (id, email) VALUES (:id, :email)")
INSERT_CUSTOMER = text(
    "INSERT INTO customers (org_id, id, user_id, kind, email, account_id)"
    " VALUES (:org, :id, :user, 'full', :email, :account)"
)


class Crowd:
    """Customers with an account each: the first half asks for reviews, the other half is changed by reviewers."""

    def __init__(self, run: UpRun, client: SalesforceClient, size: int) -> None:
        self._run, self._client, self.size = run, client, size
        self.settings: Settings = run.read_settings()
        self.tokens: dict[str, str] = {}
        self.expected: dict[str, str] = {}

    async def arrive(self) -> None:
        accounts = await self._make_accounts(2 * self.size)
        database = Database(self.settings.database)
        async with database.transaction(ORG.id) as session:
            for number, account_id in enumerate(accounts):
                user_id, email = uuid4(), f"crowd-{number}@customer.example"
                await session.execute(INSERT_USER, {"id": user_id, "email": email})
                customer = {
                    "org": ORG.id,
                    "id": uuid4(),
                    "user": user_id,
                    "email": email,
                    "account": account_id,
                }
                await session.execute(INSERT_CUSTOMER, customer)
                self.tokens[account_id] = self._sign(user_id)
        await database.close()
        self.asking, self.changing = accounts[: self.size], accounts[self.size :]

    def _sign(self, user_id: UUID) -> str:
        caller = Caller(
            kind=CallerKind.CUSTOMER,
            org_id=ORG.id,
            org_slug=ORG.slug,
            region="JP",
            locale="en",
            user_id=user_id,
        )
        return sign_token(self.settings, self._run.data_dir.absolute(), caller)

    async def _make_accounts(self, count: int) -> list[str]:
        made: list[str] = []
        for at in range(0, count, 200):
            names = [f"Customer {number}" for number in range(at, min(at + 200, count))]
            records = [{"attributes": {"type": "Account"}, "Name": name} for name in names]
            answer = await self._client.request(
                "POST",
                "composite/sobjects",
                json={"records": records},
                lane=Lane.BACKGROUND,
                idempotent=False,
            )
            made += [row["id"] for row in answer.body]
        return made

    async def change(self, generator: random.Random) -> None:
        account_id = generator.choice(self.changing)
        result = generator.choice(RESULTS)
        fields = {"Internet_Eligibility_Status__c": "Eligible", "Internet_Eligibility__c": result}
        path = f"sobjects/Account/{account_id}"
        await self._client.request("PATCH", path, json=fields, lane=Lane.BACKGROUND, idempotent=True)
        self.expected[account_id] = result

    async def list_cases(self) -> Counter[str]:
        soql = "SELECT AccountId FROM Case WHERE Portal_Request_Id__c != null"
        rows = await self._client.query(soql, lane=Lane.BACKGROUND)
        asking = set(self.asking)
        return Counter(row["AccountId"] for row in rows if row["AccountId"] in asking)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[UpRun]:
    with up_run(tmp_path) as run:
        run.start()
        yield run


async def change_all(crowd: Crowd, portal: httpx.AsyncClient, changes: int) -> None:
    generator = random.Random(11)
    for number in range(changes):
        await crowd.change(generator)
        if number % 4 == 0:
            await read_status(portal, crowd, generator.choice(crowd.changing))
        await asyncio.sleep(0.008)


async def ask_all(crowd: Crowd, portal: httpx.AsyncClient) -> None:
    for account_id in crowd.asking:
        headers = {"Authorization": f"Bearer {crowd.tokens[account_id]}"}
        answer = await portal.post(
            "/api/eligibility/internet/request", json={"address": ADDRESS}, headers=headers
        )
        assert answer.status_code == 202, answer.text
        await asyncio.sleep(0.1)


async def kill_at_random(run: UpRun, most: int) -> int:
    generator, kills = random.Random(13), 0
    while kills < most:
        await asyncio.sleep(KILL_EVERY_S * generator.random() * 2)
        pid = run.find_child(generator.choice((" feed", " worker")))
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            kills += 1
    return kills


async def read_status(portal: httpx.AsyncClient, crowd: Crowd, account_id: str) -> dict[str, Any]:
    """Empty while nobody knows: Salesforce misbehaves, and a status must not be made up."""
    headers = {"Authorization": f"Bearer {crowd.tokens[account_id]}"}
    answer = await portal.get("/api/eligibility/internet", headers=headers)
    assert answer.status_code in (200, 503), answer.text
    status: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return status


async def find_stale(crowd: Crowd, portal: httpx.AsyncClient) -> list[str]:
    wrong = []
    for account_id, result in crowd.expected.items():
        if (await read_status(portal, crowd, account_id)).get("result") != result:
            wrong.append(account_id)
    return wrong


async def until_quiet(crowd: Crowd, portal: httpx.AsyncClient) -> None:
    """Everything delivered and every page right, or the deadline: other processes give no event to await."""
    for _ in range(QUIET_S):
        if len(await crowd.list_cases()) >= crowd.size and not await find_stale(crowd, portal):
            return
        await asyncio.sleep(1)


@pytest.mark.fault
@pytest.mark.timeout(400)
@pytest.mark.asyncio
class TestKillsUnderLoad:
    @pytest.mark.parametrize(
        ("size", "changes", "kills"), [(40, 400, 5), pytest.param(200, 2_000, 20, marks=pytest.mark.soak)]
    )
    async def test_lose_nothing_and_double_nothing(
        self, running: UpRun, size: int, changes: int, kills: int
    ) -> None:
        settings = running.read_settings()
        client = SalesforceClient(settings.salesforce)
        await client.open()
        crowd = Crowd(running, client, size)
        await crowd.arrive()
        faults = f"http://127.0.0.1:{running.emulator_port}/emulator/faults"
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}", timeout=30) as portal:
            # Some answers to the portal's composites are lost, so that the worker has something to settle.
            cuts = {"path_prefix": f"{DATA}/composite", "cut_after_ratio": 0.15, "cut_before_ratio": 0.1}
            assert (await portal.patch(faults, json=cuts)).status_code == 200
            _, _, killed = await asyncio.gather(
                change_all(crowd, portal, changes), ask_all(crowd, portal), kill_at_random(running, kills)
            )
            reset = {"cut_after_ratio": 0.0, "cut_before_ratio": 0.0}
            assert (await portal.patch(faults, json=reset)).status_code == 200
            await until_quiet(crowd, portal)

            cases = await crowd.list_cases()
            assert killed == kills
            assert cases == dict.fromkeys(crowd.asking, 1)
            assert await find_stale(crowd, portal) == []
        await client.close()
