"""Is the process alive, can it serve, and how is everything it leans on. Needs no sign-in and tells no names."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from sqlalchemy import text

from bff.adapters import Adapters
from bff.db import Database
from bff.deliveries.backlog import Backlog, read_backlog
from bff.errors import PortalError
from bff.phones import NUMBERING_PLANS
from cache.errors import CacheError
from sf_sync.feed.state import FeedMode, read_feed_state

PROBE_TIMEOUT_S = 1.0
BACKLOG_KEPT_S = 5.0
OLDEST_IN_ORDER_S = 60.0

READ_REVISION = text("SELECT version_num FROM alembic_version")


class State(StrEnum):
    """`degraded`: the product goes on, slower or in part."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


Figure = float | int | str | None


class Dependency(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """`detail` is one short sentence for an operator."""

    state: State
    detail: str | None = None
    figures: dict[str, Figure] = {}


class Readiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    state: State
    dependencies: dict[str, Dependency]


Probe = Callable[[], Awaitable[Dependency]]


class Health:
    """`essential` names what the product can't serve without; all else only degrades it."""

    def __init__(self, probes: Mapping[str, Probe], essential: frozenset[str]) -> None:
        self._probes = probes
        self._essential = essential

    async def read(self) -> Readiness:
        """Every probe at once, each for a second at most."""
        found = await asyncio.gather(*(run_probe(probe) for probe in self._probes.values()))
        dependencies = dict(zip(self._probes, found, strict=True))
        return Readiness(state=judge(dependencies, self._essential), dependencies=dependencies)


def judge(dependencies: Mapping[str, Dependency], essential: frozenset[str]) -> State:
    if any(dependencies[name].state is State.DOWN for name in essential):
        return State.DOWN
    return State.UP if all(one.state is State.UP for one in dependencies.values()) else State.DEGRADED


async def run_probe(probe: Probe) -> Dependency:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            return await probe()
    except TimeoutError:
        return Dependency(state=State.DOWN, detail="does not answer in time")
    except (PortalError, CacheError) as error:
        return Dependency(state=State.DOWN, detail=f"does not answer ({type(error).__name__})")


def make_health(adapters: Adapters, now: Callable[[], float] = time.monotonic) -> Health:
    backlog = _Backlogs(adapters.database, now)
    probes: dict[str, Probe] = {
        "postgres": lambda: probe_postgres(adapters.database),
        "redis": lambda: probe_redis(adapters),
        "salesforce": lambda: probe_salesforce(adapters),
        "feed": lambda: probe_feed(adapters),
        "deliveries": backlog.probe,
        "phoneNumbers": probe_phone_numbers,
    }
    return Health(probes, essential=frozenset({"postgres"}))


async def probe_postgres(database: Database) -> Dependency:
    async with database.orgless() as session:
        revision = (await session.execute(READ_REVISION)).scalar_one()
    return Dependency(state=State.UP, figures={"revision": revision})


async def probe_redis(adapters: Adapters) -> Dependency:
    await adapters.redis.call("PING")
    return Dependency(state=State.UP)


async def probe_salesforce(adapters: Adapters) -> Dependency:
    """From what ordinary calls have met: asking for health's sake would use up the org's calls."""
    breaker, budget = adapters.client.breaker_state, adapters.client.budget
    figures: dict[str, Figure] = {"breaker": breaker, "callsUsed": budget.used, "callLimit": budget.limit}
    if breaker == "closed":
        return Dependency(state=State.UP, figures=figures)
    return Dependency(
        state=State.DEGRADED, detail="calls fail; writes wait and are delivered later", figures=figures
    )


async def probe_feed(adapters: Adapters) -> Dependency:
    feed = await read_feed_state(adapters.redis, now=datetime.now(UTC))
    figures: dict[str, Figure] = {"mode": str(feed.mode), "lagS": feed.lag_s, "problem": feed.problem}
    if feed.mode is FeedMode.LIVE:
        return Dependency(state=State.UP, figures=figures)
    return Dependency(state=State.DEGRADED, detail="cached facts are re-read often instead", figures=figures)


async def probe_phone_numbers() -> Dependency:
    """Numbering plans change several times a year; an old one refuses numbers that people have."""
    return Dependency(state=State.UP, figures={"plans": NUMBERING_PLANS})


class _Backlogs:
    """The backlog is a query per org, and load balancers ask often."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._read_at = float("-inf")
        self._backlog = Backlog()

    async def probe(self) -> Dependency:
        if self._now() - self._read_at >= BACKLOG_KEPT_S:
            self._backlog = await read_backlog(self._database)
            self._read_at = self._now()
        backlog = self._backlog
        figures: dict[str, Figure] = {"waiting": backlog.waiting, "parked": backlog.parked}
        figures["oldestS"] = round(backlog.oldest_s)
        if backlog.parked or backlog.oldest_s > OLDEST_IN_ORDER_S:
            return Dependency(state=State.DEGRADED, detail="writes to Salesforce are late", figures=figures)
        return Dependency(state=State.UP, figures=figures)


@get("/health/live", opt={"open": True}, tags=["health"], sync_to_thread=False)
def show_live() -> dict[str, str]:
    """The process runs and answers."""
    return {"state": State.UP}


NOT_READY = {503: ResponseSpec(Readiness, description="Not able to serve", generate_examples=False)}


@get("/health/ready", opt={"open": True}, tags=["health"], responses=NOT_READY)
async def show_ready(health: NamedDependency[Health]) -> Response[Any]:
    """200 while requests can be served, with the state of each dependency; 503 when they can't."""
    readiness = await health.read()
    return Response(readiness, status_code=503 if readiness.state is State.DOWN else 200)
