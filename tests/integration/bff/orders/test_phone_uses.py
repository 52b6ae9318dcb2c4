"""The number of an order becomes its customer's, once for each order, without the order waiting for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from rich.console import Console
from sqlalchemy import text

from bff.cli.commands.phones import backfill
from bff.db import Database
from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from bff.jobs import run_worker
from bff.orders import phone_uses
from bff.orders.phone_uses import advance_backfill, begin_backfill, count_uses
from bff.tenancy import Org
from tests.integration.bff.orders.shop import SIM, place
from tests.integration.bff.scene import Scene

pytestmark = pytest.mark.asyncio

ORG_ID = DEMO_ORGS[0].id
DROPOFF = {"dropoff": {"phoneNumber": "090-1234-5678"}}
LINKS = "SELECT phone, source, times, is_verified, customer_id FROM phone_links ORDER BY phone"
JOBS = "SELECT args FROM procrastinate_jobs WHERE task_name = 'portal:see_order_phone'"
ADD_ORDER = text(
    "INSERT INTO orders (org_id, id, customer_id, account_id, digest, state, currency, total, lines, delivery,"
    " placed_at) VALUES (:org, :id, :customer, '001000000000001AAA', '', :state, 'JPY', 0, '[]',"
    " CAST(:delivery AS jsonb), :at)"
)


async def run_promised(scene: Scene) -> int:
    """As the worker does; how many jobs there were."""
    jobs = await scene.list_rows(JOBS)
    for job in jobs:
        async with scene.portal.adapters.database.transaction(UUID(job["args"]["org_id"])) as session:
            await count_uses(session, org_id=ORG_ID, order_ids=[UUID(job["args"]["order_id"])])
    return len(jobs)


@asynccontextmanager
async def working(scene: Scene) -> AsyncIterator[None]:
    """A worker beside the portal."""
    stop, adapters = asyncio.Event(), scene.portal.adapters
    context = {"adapters": adapters, "deliveries": Deliveries(adapters)}
    worker = asyncio.create_task(run_worker(adapters.jobs, context, stop=stop, grace_s=1))
    try:
        yield
    finally:
        stop.set()
        await worker


class TestAnOrder:
    async def test_is_followed_by_a_worker(self, scene: Scene) -> None:
        async with working(scene):
            await place(scene, "sara", SIM, delivery=DROPOFF)
            while not await scene.list_rows(LINKS):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # another connection commits it; there is no event

        [link] = await scene.list_rows(LINKS)
        assert (link["phone"], link["source"]) == ("+819012345678", "order")

    async def test_with_a_number_links_it_after_it_was_placed(self, scene: Scene) -> None:
        await place(scene, "sara", SIM, delivery=DROPOFF)
        before = await scene.list_rows(LINKS)

        assert await run_promised(scene) == 1
        [link] = await scene.list_rows(LINKS)
        assert before == []
        assert (link["phone"], link["source"], link["times"], link["is_verified"]) == (
            "+819012345678",
            "order",
            1,
            False,
        )

    async def test_counts_once_however_often_its_job_runs(self, scene: Scene) -> None:
        await place(scene, "sara", SIM, delivery=DROPOFF)

        for _ in range(3):
            await run_promised(scene)

        [link] = await scene.list_rows(LINKS)
        assert link["times"] == 1

    async def test_refreshes_the_link_of_an_earlier_one(self, scene: Scene) -> None:
        await place(scene, "sara", SIM, key="a", delivery=DROPOFF)
        await place(scene, "sara", SIM, key="b", delivery=DROPOFF)

        assert await run_promised(scene) == 2
        [link] = await scene.list_rows(LINKS)
        assert link["times"] == 2

    async def test_without_a_number_promises_nothing(self, scene: Scene) -> None:
        await place(scene, "sara", SIM, delivery={"notes": "Ring twice"})

        assert await scene.list_rows(JOBS) == []


class Past:
    """Orders of long ago, as they stand in the table."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.org = Org(id=uuid4(), slug=f"o{uuid4().hex}", name="Org", region="JP", locale="en")
        self.customers = [uuid4(), uuid4()]

    async def found(self) -> None:
        async with self.database.orgless() as session:
            await session.execute(
                text(
                    "INSERT INTO orgs (id, slug, name, region, locale) VALUES (:id, :slug, 'Org', 'JP', 'en')"
                ),
                {"id": self.org.id, "slug": self.org.slug},
            )
        async with self.database.transaction(self.org.id) as session:
            for customer in self.customers:
                await session.execute(
                    text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :id, 'stub')"),
                    {"org": self.org.id, "id": customer},
                )

    async def add(self, number: int, delivery: str | None, state: str = "placed") -> None:
        values: dict[str, Any] = {"org": self.org.id, "id": uuid4(), "state": state, "delivery": delivery}
        values |= {
            "customer": self.customers[number % 2],
            "at": datetime(2025, 1, 1 + number // 3, tzinfo=UTC),
        }
        async with self.database.transaction(self.org.id) as session:
            await session.execute(ADD_ORDER, values)

    async def count_times(self) -> list[int]:
        async with self.database.transaction(self.org.id) as session:
            return sorted((await session.execute(text("SELECT times FROM phone_links"))).scalars())

    async def advance(self, batch: int) -> phone_uses.BackfillState:
        async with self.database.transaction(self.org.id) as session:
            return await advance_backfill(session, org_id=self.org.id, batch=batch, at=datetime.now(UTC))

    async def fail(self) -> None:
        """As a batch does whose process ends before it commits."""
        async with self.database.transaction(self.org.id) as session:
            await advance_backfill(session, org_id=self.org.id, batch=5, at=datetime.now(UTC))
            raise ZeroDivisionError

    async def begin(self, *, anew: bool = False) -> phone_uses.BackfillState:
        async with self.database.transaction(self.org.id) as session:
            return await begin_backfill(session, org_id=self.org.id, at=datetime.now(UTC), anew=anew)


@pytest_asyncio.fixture
async def past(database: Database) -> Past:
    past = Past(database)
    await past.found()
    for number in range(10):
        await past.add(number, '{"phone": "+819012345678"}')
    await past.add(10, None)
    await past.add(11, '{"phone": "not a number"}')
    return past


class TestBackfill:
    async def test_links_the_numbers_of_past_orders(self, past: Past) -> None:
        lines = Console(force_terminal=False, record=True, width=120)
        state = await backfill(past.database, past.org, batch=5, anew=False, console=lines)

        assert (state.seen, state.linked, state.passed_over) == (12, 10, 2)
        assert await past.count_times() == [5, 5]
        assert lines.export_text().splitlines()[:3] == [
            f"{past.org.slug}: {seen} of 12 orders" for seen in (5, 10, 12)
        ]

    async def test_goes_on_where_it_was_stopped(self, past: Past) -> None:
        await past.begin()
        await past.advance(batch=5)

        went_on = await past.begin()
        done = await past.advance(batch=50)

        assert (went_on.seen, done.seen, done.finished_at is not None) == (5, 12, True)
        assert await past.count_times() == [5, 5]

    async def test_counts_no_order_twice_when_it_begins_anew(self, past: Past) -> None:
        for anew in (False, True):
            await past.begin(anew=anew)
            await past.advance(batch=50)

        assert await past.count_times() == [5, 5]

    async def test_leaves_a_batch_undone_that_fails_in_its_midst(self, past: Past) -> None:
        await past.begin()
        with pytest.raises(ZeroDivisionError):
            await past.fail()

        assert (await past.begin()).seen == 0
        assert await past.count_times() == []

    async def test_shows_a_bar_on_a_terminal(self, past: Past) -> None:
        screen = Console(force_terminal=True, record=True, width=120)
        await backfill(past.database, past.org, batch=5, anew=False, console=screen)

        assert "12/12" in screen.export_text()
