"""The web process is killed at each step of an upload: what was accepted arrives once, of the rest nothing stays."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text

from bff.adapters import Adapters, make_adapters, opened
from bff.deliveries import Deliveries
from bff.demo.people import DEMO_ORGS
from bff.settings import read_settings
from tests.documents import make_jpeg
from tests.fixtures.emulator import EmulatorServer
from tests.fixtures.portal import HANA, sign_in
from tests.fixtures.postgres import TestDatabase
from tests.fixtures.web import Server, make_environ, seed, serving
from tests.tables import read_table

pytestmark = [pytest.mark.fault, pytest.mark.asyncio, pytest.mark.timeout(300)]

ORG = DEMO_ORGS[0].id
JPEG = make_jpeg((900, 600))
STEPS = read_table("verification.md", "What a crash leaves of an upload")
MOMENTS_OF = {"7 send": ["before send", "after send"]}
TRACES = {
    "verification_attempts": "SELECT count(*) FROM verification_attempts",
    "document_outbox": "SELECT count(*) FROM document_outbox",
    "deliveries": "SELECT count(*) FROM deliveries",
    "audit": "SELECT count(*) FROM audit WHERE action = 'verification.submitted'",
}
# As if the time for which the killed process had claimed the delivery were over.
RUN_OUT = text("UPDATE deliveries SET claimed_until = now() - interval '1 second'")


class Site(msgspec.Struct, frozen=True):
    """Everything but the web process, which comes and goes."""

    emulator: EmulatorServer
    adapters: Adapters
    environ: dict[str, str]
    scratch: Path

    def start(self, moment: str) -> AbstractAsyncContextManager[Server]:
        return serving(self.environ, sys.executable, "-m", "tests.faults.upload_process", moment)

    async def count_traces(self) -> dict[str, int]:
        async with self.adapters.database.transaction(ORG) as session:
            return {name: (await session.execute(text(query))).scalar_one() for name, query in TRACES.items()}

    def count_versions(self) -> int:
        return len(list(self.emulator.emulator.org.select("ContentVersion")))

    async def deliver(self) -> None:
        """As a worker does, some time later."""
        deliveries = Deliveries(self.adapters)
        async with self.adapters.database.transaction(ORG) as session:
            await session.execute(RUN_OUT)
            waiting = list(
                (await session.execute(text("SELECT id FROM deliveries WHERE state = 'waiting'"))).scalars()
            )
        for op_id in waiting:
            await deliveries.attempt(ORG, op_id, budget_s=10)


@pytest_asyncio.fixture
async def site(
    test_database: TestDatabase, redis_url: str, emulator_server: EmulatorServer, tmp_path: Path
) -> AsyncIterator[Site]:
    await seed(test_database, emulator_server)
    environ = make_environ(test_database, redis_url, emulator_server)
    environ |= {"TMPDIR": str(tmp_path), "LOG_LEVEL": "warning"}
    settings = read_settings({**environ, "BFF_PUBLIC_URL": "http://localhost"})
    async with opened(make_adapters(settings)) as adapters:
        yield Site(emulator_server, adapters, environ, tmp_path)


async def upload(server: Server) -> int | None:
    """The status of the answer, or None where the process was gone before it."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        headers = {**await sign_in(client, HANA), "Origin": server.url}
        try:
            files = {"file": ("card.jpg", JPEG, "image/jpeg")}
            answer = await client.post("/api/verification/id", files=files, headers=headers)
        except httpx.TransportError:
            return None
        return answer.status_code


def list_moments() -> list[Any]:
    return [
        pytest.param(row, moment, id=moment)
        for row in STEPS
        for moment in MOMENTS_OF.get(row["step"], [row["step"].split(" ", 1)[1]])
    ]


class TestKilledUploads:
    @pytest.mark.parametrize(("row", "moment"), list_moments())
    async def test_arrive_once_or_leave_no_trace(self, site: Site, row: dict[str, str], moment: str) -> None:
        before = site.count_versions()
        async with site.start(moment) as server:
            assert await upload(server) is None
            assert await server.process.wait() == -9
        await site.deliver()

        arrived = row["killed during it"] == "arrives"
        kept = {"verification_attempts": 1, "document_outbox": 0, "deliveries": 1, "audit": 1}
        assert await site.count_traces() == (kept if arrived else dict.fromkeys(TRACES, 0))
        assert site.count_versions() - before == int(arrived)
        await until_left_alone(site.scratch)
        assert list(site.scratch.iterdir()) == []

    async def test_once_accepted_outlive_salesforces_absence_and_ours(self, site: Site) -> None:
        before = site.count_versions()
        site.emulator.emulator.faults.change({"unavailable": True})
        async with site.start("never") as server:
            assert await upload(server) == 202
            server.process.kill()
            await server.process.wait()
        assert (await site.count_traces())["document_outbox"] == 1
        site.emulator.emulator.faults.reset()
        await site.deliver()

        assert (await site.count_traces())["document_outbox"] == 0
        assert site.count_versions() - before == 1


async def until_left_alone(scratch: Path) -> None:
    """An inspector outlives the web process only until it notices."""
    async with asyncio.timeout(60):
        while list_processes(scratch):  # noqa: ASYNC110 - other processes give no event to await
            await asyncio.sleep(0.05)


def list_processes(scratch: Path) -> list[str]:
    """Those that were started by the killed one, which nobody else gave this folder to."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(scratch).encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found
