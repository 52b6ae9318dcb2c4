"""What compared reads say of the cut-over, and how soon every worker has followed the way back."""

import asyncio
import os
import random
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from sqlalchemy import text

from bff.adapters import make_adapters, opened
from bff.demo.seed import seed_demo
from bff.engines.ports import choose_free_port
from bff.logging import configure_logging
from bff.migration import demo_data
from bff.migration.backfill import Backfill
from bff.migration.phases import Phase
from bff.migration.service import Migration
from bff.migration.side import MigrationSide, make_migrating
from bff.settings import LegacySettings, Settings
from bff.tenancy import Org, list_orgs
from sf_sync.client import Lane
from tests.bench.migration_stage import ORG_ID, go_to, make_environ, open_engines
from tests.bench.table import Row

READS, ROWS, AT_ONCE = 100_000, 500, 32
WORKERS, CHANGES = 4, 20
ACCOUNTS = text("SELECT DISTINCT account_id FROM migration_documents WHERE org_id = :org AND state = 'moved'")


def measure_rows() -> list[Row]:
    """Six rows; takes several minutes."""
    return measure(READS)


def measure(reads: int) -> list[Row]:
    configure_logging("critical")
    with (
        tempfile.TemporaryDirectory() as folder,
        open_engines(Path(folder)) as settings,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(look(settings, reads))


async def look(settings: Settings, reads: int) -> list[Row]:
    legacy = LegacySettings(shadow_reads=reads)
    side = make_migrating(make_adapters(settings), legacy)
    async with opened(side.adapters):
        await seed_demo(side.adapters.database, side.adapters.salesforce)
        await demo_data.load(side.adapters, ORG_ID, rows=ROWS)
        await go_to(side.adapters, Phase.BACKFILL)
        await Backfill(side.adapters, ORG_ID).run()
        await go_to(side.adapters, Phase.SHADOW_READ)
        await side.board.refresh()
        migration, org = Migration(side.adapters, legacy), await find_org(side)
        compared = await compare(side, migration, org, reads)
        await go_to(side.adapters, Phase.LEGACY)
        heard = await time_changes(settings, migration, org, redis_url=settings.redis_url)
        nowhere = f"redis://127.0.0.1:{choose_free_port()}"
        deaf = await time_changes(settings, migration, org, redis_url=nowhere)
    return [
        *compared,
        *tell_changes("every worker follows a change", heard),
        *tell_changes("  without Redis", deaf),
    ]


async def find_org(side: MigrationSide) -> Org:
    async with side.adapters.database.orgless() as session:
        return next(org for org in await list_orgs(session) if org.id == ORG_ID)


async def compare(side: MigrationSide, migration: Migration, org: Org, reads: int) -> list[Row]:
    """Reads of all accounts by chance, then one account that differs, then none again."""
    async with side.adapters.database.transaction(ORG_ID) as session:
        accounts = list((await session.execute(ACCOUNTS, {"org": ORG_ID})).scalars())
    took = await read_all(side, random.Random(7).choices(accounts, k=reads))
    clean = await ask(migration, org)
    measures = (await migration.report(org)).measures
    await misjudge(side, accounts[0])
    await read_all(side, accounts[:1])
    await side.view.finish_comparing()
    await side.reads.flush()
    refused = await ask(migration, org)
    assert measures is not None
    ratio = measures.mismatched / max(measures.compared, 1)
    return [
        Row("reads compared", f"{measures.compared:,}", f"{reads / took:.0f} a second, {AT_ONCE} at once"),
        Row("  mismatch ratio", f"{ratio:g}", f"{measures.mismatched} differed"),
        Row("  cut-over with none", "allowed" if clean is None else "refused", clean or ""),
        Row("  cut-over with one", "allowed" if refused is None else "refused", refused or ""),
    ]


async def read_all(side: MigrationSide, accounts: Sequence[str]) -> float:
    waiting, began = iter(accounts), time.perf_counter()

    async def read() -> None:
        for account_id in waiting:
            await side.view.read(ORG_ID, account_id)

    await asyncio.gather(*(read() for _ in range(AT_ONCE)))
    await side.view.finish_comparing()
    await side.reads.flush()
    return time.perf_counter() - began


async def ask(migration: Migration, org: Org) -> str | None:
    """The reason for which the cut-over is refused; None when it is allowed. Nothing is changed."""
    return (await migration.report(org)).blocker


async def misjudge(side: MigrationSide, account_id: str) -> None:
    """Somebody sets a status by hand."""
    facts = (await side.adapters.salesforce.read_accounts([account_id], lane=Lane.BACKGROUND))[account_id]
    assert facts is not None
    status = "Submitted" if facts.verification.status == "verified" else "Verified"
    await side.adapters.client.request(
        "PATCH",
        f"sobjects/Account/{account_id}",
        json={
            "Id_Verification_Status__c": status,
            "Id_Verification_Reviewed_Version_Id__c": facts.verification.submitted_version_id,
        },
        idempotent=True,
    )
    await side.adapters.account_view.invalidate([account_id])


async def time_changes(settings: Settings, migration: Migration, org: Org, *, redis_url: str) -> list[float]:
    """Seconds from before each `back` of an operator until the last of the workers has noticed it."""
    taken = []
    environ = make_environ(settings.database.url, redis_url, settings.salesforce.url)
    async with followers(environ) as processes:
        await hear(processes)
        for _ in range(CHANGES):
            await migration.advance(org)
            await hear(processes)
            began = time.time()
            await migration.back(org)
            taken.append(max(await hear(processes)) - began)
    return taken


@asynccontextmanager
async def followers(environ: Mapping[str, str]) -> AsyncIterator[list[Process]]:
    command = (sys.executable, "-m", "tests.bench.phase_follower")
    processes = [
        await asyncio.create_subprocess_exec(*command, env=os.environ | dict(environ), stdout=PIPE)
        for _ in range(WORKERS)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
            await process.wait()


async def hear(processes: Sequence[Process]) -> list[float]:
    """When each of them noticed the next change."""
    lines = await asyncio.gather(*(process.stdout.readline() for process in processes if process.stdout))
    return [float(line.split()[1]) for line in lines]


def tell_changes(what: str, taken: Sequence[float]) -> list[Row]:
    middle = sorted(taken)[len(taken) // 2]
    return [
        Row(what, f"{max(taken):.2f} s", f"longest of {len(taken)}, {WORKERS} workers; median {middle:.2f} s")
    ]


def main() -> None:
    reads = int(sys.argv[1]) if len(sys.argv) > 1 else READS
    for row in measure(reads):
        sys.stdout.write(f"{row.what:<40}{row.value:>16}  {row.remark}\n")


if __name__ == "__main__":
    main()
