"""A portal whose every way out can fail, customers whose status flips at random, and what Salesforce did meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from bff.adapters import Adapters, make_adapters
from bff.app import create_app
from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE
from bff.demo.seed import seed_demo
from bff.identity.development import sign_token
from bff.identity.principals import Principals
from bff.orders.rules import make_order_id
from bff.settings import Settings
from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.client.breaker import Breaker
from sf_sync.emulator.app import Emulator
from sf_sync.objects.order_placement import PlanPlacement, plan_placement
from sf_sync.orders import Orders
from tests.fixtures.emulator import EmulatorServer
from tests.fixtures.portal import running
from tests.integration.cache.proxy import Proxy, open_proxy
from tests.integration.sf_sync.org import change

NET, SIM = "NET-HOME-1G", "SIM-3G"
CARTS = ((NET,), (SIM,), (NET, SIM))
NEVER = 10**9
ELIGIBILITIES = ("Eligible", "Eligible", "Pending", "Ineligible", None)
VERIFICATIONS = ("Submitted", "Verified", "Rejected", "Not Submitted", None)
RESULTS = ("Home", "Home", "Home", "Apartment", None)
ORG = DEMO_ORGS[0]
CUSTOMERS = [person for person in DEMO_PEOPLE if person.role is None]


class Standing(Struct, frozen=True):
    """What Salesforce held of one account from this instant on."""

    at: datetime
    eligibility: str | None
    result: str | None
    verification: str | None

    def allows(self, cart: tuple[str, ...]) -> bool:
        may_net = self.eligibility == "Eligible" and self.result == "Home"
        may_sim = self.verification in ("Submitted", "Verified")
        return (NET not in cart or may_net) and (SIM not in cart or may_sim)


class Attempt(Struct, frozen=True, kw_only=True):
    """One submission as its customer saw it."""

    order_id: UUID
    account_id: str
    cart: tuple[str, ...]
    began_at: datetime
    ended_at: datetime
    status: int
    code: str

    @property
    def took_s(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


class Rig:
    def __init__(self, emulator: Emulator, adapters: Adapters, proxies: dict[str, Proxy]) -> None:
        self.emulator = emulator
        self.adapters = adapters
        self.salesforce, self.redis, self.postgres = (
            proxies[name] for name in ("salesforce", "redis", "postgres")
        )
        self.accounts: dict[UUID, str] = {}
        self.tokens: dict[UUID, str] = {}
        self.dice = random.Random(20251219)
        self.client: httpx.AsyncClient
        self.direct: Redis
        self.feed: AccountView

    async def open(self, app: Any, settings: Settings, data_dir: Path) -> None:
        await seed_demo(self.adapters.database, self.adapters.salesforce)
        principals = Principals(self.adapters.database)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://localhost:8000"
        )
        for person in CUSTOMERS:
            caller = await principals.find_by_email(person.email)
            assert caller is not None
            assert caller.account_id is not None
            self.accounts[person.customer_id] = caller.account_id
            self.tokens[person.customer_id] = sign_token(settings, data_dir, caller)
        for customer_id in self.tokens:
            await self.call("GET", "/api/catalog", customer_id)

    async def call(self, method: str, path: str, customer_id: UUID, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[customer_id]}", **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, timeout=30, **more)

    async def submit(self, number: int, *, cart: tuple[str, ...] | None = None) -> Attempt:
        customer_id = self.dice.choice(list(self.tokens))
        cart, key = cart or self.dice.choice(CARTS), f"key-{number}"
        began_at = datetime.now(UTC)
        answer = await self.call(
            "POST",
            "/api/orders",
            customer_id,
            json={"items": [{"sku": sku} for sku in cart]},
            headers={"Idempotency-Key": key},
        )
        told = answer.json()
        return Attempt(
            order_id=make_order_id(ORG.id, customer_id, key),
            account_id=self.accounts[customer_id],
            cart=cart,
            began_at=began_at,
            ended_at=datetime.now(UTC),
            status=answer.status_code,
            code=told.get("code", "placed"),
        )

    async def flip(self) -> None:
        """One account's status becomes another, and the feed forgets what is cached, over a connection of its own."""
        account_id = self.dice.choice(list(self.accounts.values()))
        with change(self.emulator) as transaction:
            transaction.update(
                "Account",
                account_id,
                {
                    "Internet_Eligibility_Status__c": self.dice.choice(ELIGIBILITIES),
                    "Internet_Eligibility__c": self.dice.choice(RESULTS),
                    "Id_Verification_Status__c": self.dice.choice(VERIFICATIONS),
                },
            )
        await self.feed.invalidate([account_id])

    def list_history(self, account_id: str) -> list[Standing]:
        """Every state of the account, oldest first, from the emulator's commits."""
        return [
            Standing(
                commit.at,
                one.after.get("Internet_Eligibility_Status__c"),
                one.after.get("Internet_Eligibility__c"),
                one.after.get("Id_Verification_Status__c"),
            )
            for commit in self.emulator.org.commits
            for one in commit.changes
            if one.entity == "Account" and one.record_id == account_id and one.after is not None
        ]

    def list_made(self) -> dict[UUID, datetime]:
        """Every order that Salesforce ever made, with the instant."""
        return {
            UUID(one.after["Portal_Order_Id__c"]): commit.at
            for commit in self.emulator.org.commits
            for one in commit.changes
            if one.entity == "Order" and one.kind == "CREATE" and one.after is not None
        }


def find_violations(rig: Rig, attempts: list[Attempt]) -> list[Attempt]:
    """Orders that exist although no value inside their request's interval allowed them."""
    made = rig.list_made()
    histories = {account_id: rig.list_history(account_id) for account_id in rig.accounts.values()}
    return [
        attempt
        for attempt in attempts
        if attempt.order_id in made and not _was_allowed(histories[attempt.account_id], attempt)
    ]


def _was_allowed(history: list[Standing], attempt: Attempt) -> bool:
    current = [standing for standing in history if standing.at <= attempt.began_at][-1:]
    within = [standing for standing in history if attempt.began_at < standing.at <= attempt.ended_at]
    return any(standing.allows(attempt.cart) for standing in current + within)


@asynccontextmanager
async def open_rig(
    server: EmulatorServer,
    settings: Settings,
    data_dir: Path,
    *,
    breaker: Breaker | None = None,
    plan: PlanPlacement = plan_placement,
) -> AsyncIterator[Rig]:
    """Salesforce, Redis and PostgreSQL each behind a relay; without a breaker given it never opens."""
    upstreams = {"salesforce": server.url, "redis": settings.redis_url, "postgres": settings.database.url}
    async with (
        open_proxy(_port_of(upstreams["salesforce"])) as salesforce,
        open_proxy(_port_of(upstreams["redis"])) as redis,
        open_proxy(_port_of(upstreams["postgres"])) as postgres,
    ):
        behind = msgspec.structs.replace(
            settings,
            redis_url=_at(settings.redis_url, redis),
            database=msgspec.structs.replace(settings.database, url=_at(settings.database.url, postgres)),
            salesforce=msgspec.structs.replace(
                server.settings, url=_at(server.url, salesforce), login_url=_at(server.url, salesforce)
            ),
        )
        adapters = make_rig_adapters(behind, breaker or Breaker(failures_to_open=NEVER), plan)
        app = create_app(behind, adapters)
        proxies = {"salesforce": salesforce, "redis": redis, "postgres": postgres}
        rig = Rig(server.emulator, adapters, proxies)
        async with running(app), open_feed(rig, settings):
            await rig.open(app, behind, data_dir)
            try:
                yield rig
            finally:
                server.emulator.faults.reset()
                await rig.client.aclose()


@asynccontextmanager
async def open_feed(rig: Rig, settings: Settings) -> AsyncIterator[None]:
    rig.direct = Redis.from_url(settings.redis_url)
    await rig.direct.open()
    broadcast = Broadcast(rig.direct, settings.redis_url, channel="portal:changes")
    rig.feed = AccountView(rig.adapters.salesforce, rig.direct, broadcast)
    yield
    await rig.direct.close()


def make_rig_adapters(settings: Settings, breaker: Breaker, plan: PlanPlacement) -> Adapters:
    adapters = make_adapters(settings, client=SalesforceClient(settings.salesforce, breaker=breaker))
    return msgspec.structs.replace(adapters, orders=Orders(adapters.client, plan=plan))


def _port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _at(url: str, proxy: Proxy) -> str:
    parts = urlsplit(url)
    return url.replace(f":{parts.port}", f":{proxy.port}", 1)


async def run_beside(
    work: Callable[[], Awaitable[None]], *, every_s: tuple[float, float], dice: random.Random
) -> None:
    """Until cancelled."""
    while True:
        await work()
        await asyncio.sleep(dice.uniform(*every_s))
