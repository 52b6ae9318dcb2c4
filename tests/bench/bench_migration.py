"""Moving and verifying 20,000 documents, beside a bare loop of the same calls in the same run, and the memory it takes.

Bare loop and backfill take turns, so that what else the machine does falls on both.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop

from bff.adapters import Adapters
from bff.logging import configure_logging
from bff.migration import demo_data
from bff.migration.backfill import Backfill
from bff.migration.backfill import Progress as Moved
from bff.migration.phases import Phase
from bff.migration.planting import plant
from bff.migration.verifier import Verifier
from bff.settings import Settings
from tests.bench.migration_stage import (
    ORG_ID,
    go_to,
    measure_bare_loop,
    open_adapters,
    open_engines,
    read_rss_mib,
)
from tests.bench.table import Row

FIRST, ALL, FAULTS = 1_000, 20_000, 200
BARE = 600
AT_ONCE = 5


class Run(msgspec.Struct, frozen=True):
    """One backfill: documents a second, and the most memory of this process meanwhile in MiB."""

    moved: int
    rate: float
    peak_mib: float


def measure_rows() -> list[Row]:
    """Eight rows; takes several minutes."""
    return measure(ALL)


def measure(rows: int) -> list[Row]:
    configure_logging("error")
    with (
        tempfile.TemporaryDirectory() as folder,
        open_engines(Path(folder)) as settings,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(compare(settings, rows))


async def compare(settings: Settings, rows: int) -> list[Row]:
    async with open_adapters(settings) as adapters:
        first_rows = min(FIRST, rows // 2)
        await demo_data.load(adapters, ORG_ID, rows=first_rows)
        await go_to(adapters, Phase.BACKFILL)
        bare = [await measure_bare_loop(adapters, BARE, AT_ONCE)]
        first = await backfill(adapters)
        bare.append(await measure_bare_loop(adapters, BARE, AT_ONCE))
        await demo_data.load(adapters, ORG_ID, rows=rows - first_rows, seed=8)
        rest = await backfill(adapters)
        bare.append(await measure_bare_loop(adapters, BARE, AT_ONCE))
        return [*tell_backfill(first, rest, bare), *await verify(adapters)]


async def backfill(adapters: Adapters) -> Run:
    peaks = [read_rss_mib()]

    def look(_: Moved) -> None:
        peaks.append(read_rss_mib())

    began = time.perf_counter()
    done = await Backfill(adapters, ORG_ID, at_once=AT_ONCE, tell=look).run()
    return Run(done.moved, done.moved / (time.perf_counter() - began), max(peaks))


def tell_backfill(first: Run, rest: Run, bare: list[float]) -> list[Row]:
    loop = sum(bare) / len(bare)
    rates = ", ".join(f"{rate:.0f}" for rate in bare)
    beside = (bare[-2] + bare[-1]) / 2
    return [
        Row("documents moved a second", f"{rest.rate:.0f}", f"{rest.moved:,} rows, {AT_ONCE} at once"),
        Row("  a bare loop of the same calls", f"{loop:.0f}", f"before, between and after: {rates}"),
        Row(
            "  ratio",
            f"{rest.rate / beside:.2f}",
            f"target 0.8; the first {first.moved:,}: {first.rate:.0f}/s",
        ),
        Row(
            "  memory, most",
            f"{rest.peak_mib:.0f} MiB",
            f"{first.peak_mib:.0f} MiB for the first {first.moved:,}",
        ),
    ]


async def verify(adapters: Adapters) -> list[Row]:
    planted = await plant(adapters, ORG_ID, faults=FAULTS)
    wanted = {(kind.value, row_id) for kind, row_ids in planted.items() for row_id in row_ids}
    began = time.perf_counter()
    outcome = await Verifier(adapters, ORG_ID).run()
    took = time.perf_counter() - began
    found = {(each.kind.value, each.row_id) for each in outcome.differences}
    repairing = await Verifier(adapters, ORG_ID).run(repair=True)
    last = await Verifier(adapters, ORG_ID).run()
    return [
        Row(
            "planted faults found",
            f"{len(wanted & found)} of {len(wanted)}",
            f"{len(planted)} classes, {outcome.documents:,} rows in {took:.0f} s",
        ),
        Row("  false findings", f"{len(found - wanted)}", "target 0"),
        Row("  repaired", f"{repairing.repaired}", ""),
        Row("  left after repair", f"{len(last.differences)}", "target 0: a clean pass"),
    ]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ALL
    for row in measure(rows):
        sys.stdout.write(f"{row.what:<40}{row.value:>16}  {row.remark}\n")


if __name__ == "__main__":
    main()
