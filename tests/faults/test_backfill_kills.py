"""Kill -9 in the midst of a backfill while customers upload: nothing lost, nothing double, it goes on where it was."""

import asyncio
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from bff.adapters import make_adapters, opened
from bff.app import make_verification
from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from bff.identity import Caller
from bff.migration import demo_data
from bff.migration.backfill import Backfill
from bff.migration.phases import Phase
from bff.migration.side import MigrationSide, following_phases, make_migrating
from bff.migration.verifier import Verifier
from bff.settings import read_settings
from bff.verification.inspection.inspectors import Inspectors
from bff.verification.service import Verification
from sf_sync.emulator.app import Emulator
from tests.bench.migration_stage import go_to
from tests.faults.backfill_process import MOVING
from tests.faults.customers import INSERT_CUSTOMER, make_caller
from tests.faults.test_documents_under_cuts import make_body
from tests.fixtures.emulator import EmulatorServer
from tests.fixtures.postgres import TestDatabase
from tests.fixtures.web import make_environ, seed

ORG_ID = DEMO_ORGS[0].id

pytestmark = [pytest.mark.fault, pytest.mark.asyncio, pytest.mark.timeout(3600)]


class Site:
    """The engines, a web process's verification in this one, and backfills as processes."""

    def __init__(
        self, side: MigrationSide, verification: Verification, emulator: Emulator, environ: Mapping[str, str]
    ) -> None:
        self.adapters, self.board, self.verification = side.adapters, side.board, verification
        self.emulator, self.environ = emulator, environ

    async def start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.backfill_process", env=dict(self.environ), stdout=PIPE
        )

    async def kill_once(self, dice: random.Random) -> float | None:
        """Seconds from the start of the process until it moves something; None when nothing was left to move."""
        began = time.monotonic()
        process = await self.start()
        assert process.stdout is not None
        line = await process.stdout.readline()
        taken_s = time.monotonic() - began
        await asyncio.sleep(dice.uniform(0, 0.4))
        if process.returncode is None:
            process.kill()
        await process.wait()
        return taken_s if line == MOVING else None

    def list_uploads(self) -> list[str]:
        """Our names of all versions, as Salesforce has them."""
        names = (row.get("Portal_Upload_Id__c") for row in self.emulator.org.select("ContentVersion"))
        return [name for name in names if name is not None]


@pytest_asyncio.fixture
async def site(
    test_database: TestDatabase, redis_url: str, emulator_server: EmulatorServer
) -> AsyncIterator[Site]:
    await seed(test_database, emulator_server)
    environ = make_environ(test_database, redis_url, emulator_server) | {"LOG_LEVEL": "error"}
    settings = read_settings({**environ, "BFF_PUBLIC_URL": "http://localhost"})
    side = make_migrating(make_adapters(settings), settings.legacy)
    inspectors = Inspectors()
    async with opened(side.adapters), following_phases(side):
        verification = make_verification(
            settings, side.adapters, Deliveries(side.adapters), inspectors, older_table=side.dual
        )
        yield Site(side, verification, emulator_server.emulator, environ)
    await inspectors.close()


async def arriving(site: Site) -> AsyncIterator[Caller]:
    """New customers, without end."""
    while True:
        callers = [make_caller(account_id) for account_id in await demo_data.make_accounts(site.adapters, 50)]
        values = [{"org": ORG_ID, "id": each.customer_id, "account": each.account_id} for each in callers]
        async with site.adapters.database.transaction(ORG_ID) as session:
            await session.execute(INSERT_CUSTOMER, values)
        for caller in callers:
            yield caller


@asynccontextmanager
async def uploading(site: Site, per_second: float) -> AsyncIterator[list[Caller]]:
    """Customers who upload while the block runs; those who were told 202."""
    told: list[Caller] = []
    tasks: set[asyncio.Task[None]] = set()

    async def send(caller: Caller) -> None:
        await site.verification.submit(caller, make_body(), context="account")
        told.append(caller)

    async def go_on() -> None:
        due = time.monotonic()
        async for caller in arriving(site):
            tasks.add(asyncio.create_task(send(caller)))
            due += 1 / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    going = asyncio.create_task(go_on())
    try:
        yield told
    finally:
        going.cancel()
        await asyncio.gather(going, *tasks, return_exceptions=True)
        assert all(not task.cancelled() and task.exception() is None for task in tasks)


class TestKilledBackfill:
    @pytest.mark.parametrize(
        ("rows", "kills", "per_second"),
        [(60, 1, 4), pytest.param(6_000, 20, 20, marks=pytest.mark.soak)],
    )
    async def test_loses_nothing_doubles_nothing_and_goes_on(
        self, site: Site, rows: int, kills: int, per_second: float
    ) -> None:
        dice = random.Random(rows)
        await demo_data.load(site.adapters, ORG_ID, rows=rows)
        await go_to(site.adapters, Phase.BACKFILL)
        await site.board.look()
        before = len(site.list_uploads())
        began = time.monotonic()
        async with uploading(site, per_second) as told:
            taken = [await site.kill_once(dice) for _ in range(kills)]
            after_kills = len(site.list_uploads())
            last = await site.start()
            assert await last.wait() == 0
            rate = len(told) / (time.monotonic() - began)
        await Backfill(site.adapters, ORG_ID).run()

        outcome = await Verifier(site.adapters, ORG_ID).run()
        uploads = site.list_uploads()
        assert outcome.differences == []
        assert outcome.documents == rows + len(told)
        assert len(uploads) == len(set(uploads)) == before + rows + len(told)
        assert told
        assert after_kills > before
        # Starting Python and the product's modules is most of it, and the machine may be busy: the figure is a bench's.
        resumed_s = [round(each, 1) for each in taken if each is not None]
        sys.stdout.write(f"{len(told)} uploads, {rate:.1f} a second; resumed after {resumed_s} s\n")
