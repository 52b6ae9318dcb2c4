"""Moving and verifying 20,000 documents, beside a bare loop of the same calls in the same run, and the memory it takes.

Bare loop and backfill take turns, so that what else the machine does falls on both.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import uvloop

from bff.adapters import Adapters
from bff.logging import configure_logging
from bff.migration import demo_data
from bff.migration.backfill import Backfill
from bff.migration.backfill import Progress as Moved
from bff.migration.demo_data import make_pictures
from bff.migration.phases import Phase
from bff.migration.planting import plant
from bff.migration.verifier import Verifier
from bff.settings import Settings
from tests.bench.migration_stage import (
    ORG_ID,
    go_to,
    make_photos,
    measure_bare_loop,
    open_adapters,
    open_engines,
    read_rss_mib,
)
from tests.bench.table import Row

FIRST, ALL, FAULTS = 1_000, 20_000, 200
ROUNDS, WARM, BARE, PHOTOS = 3, 100, 300, 500
Result = TypeVar("Result")
AT_ONCE = 5


class Run(msgspec.Struct, frozen=True):
    """One backfill: documents a second, and the most memory of this process meanwhile in MiB."""

    moved: int
    rate: float
    peak_mib: float


class Round(msgspec.Struct, frozen=True):
    """A backfill between two bare loops, in documents a second."""

    before: float
    backfill: float
    after: float

    @property
    def ratio(self) -> float:
        return self.backfill * 2 / (self.before + self.after)


def measure_rows() -> list[Row]:
    """Twelve rows; takes several minutes."""
    return measure(ALL)


def measure(rows: int) -> list[Row]:
    configure_logging("error")
    small = [run_on_stage(lambda on: go_round(on, FIRST, make_pictures())) for _ in range(ROUNDS)]
    large = [run_on_stage(lambda on: go_round(on, PHOTOS, make_photos())) for _ in range(ROUNDS)]
    ratios = [*tell_ratio("pictures of 10 kB", small), *tell_ratio("photos of 280 kB", large)]
    return ratios + run_on_stage(lambda on: move_all(on, rows))


def run_on_stage(work: Callable[[Adapters], Awaitable[Result]]) -> Result:
    """On engines of its own, so that no round walks over what another has moved."""

    async def run(settings: Settings) -> Result:
        async with open_adapters(settings) as adapters:
            return await work(adapters)

    with (
        tempfile.TemporaryDirectory() as folder,
        open_engines(Path(folder)) as settings,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(run(settings))


async def move_all(adapters: Adapters, rows: int) -> list[Row]:
    await demo_data.load(adapters, ORG_ID, rows=FIRST)
    await go_to(adapters, Phase.BACKFILL)
    first = await backfill(adapters)
    await demo_data.load(adapters, ORG_ID, rows=rows - FIRST, seed=8)
    return [*tell_backfill(first, await backfill(adapters)), *await verify(adapters)]


async def go_round(adapters: Adapters, rows: int, pictures: Sequence[bytes]) -> Round:
    await demo_data.load(adapters, ORG_ID, rows=WARM, pictures=pictures)
    await go_to(adapters, Phase.BACKFILL)
    await backfill(adapters)
    await demo_data.load(adapters, ORG_ID, rows=rows, seed=8, pictures=pictures)
    before = await measure_bare_loop(adapters, BARE, AT_ONCE, pictures)
    moved = await backfill(adapters)
    return Round(before, moved.rate, await measure_bare_loop(adapters, BARE, AT_ONCE, pictures))


async def backfill(adapters: Adapters) -> Run:
    peaks = [read_rss_mib()]

    def look(_: Moved) -> None:
        peaks.append(read_rss_mib())

    began = time.perf_counter()
    done = await Backfill(adapters, ORG_ID, at_once=AT_ONCE, tell=look).run()
    return Run(done.moved, done.moved / (time.perf_counter() - began), max(peaks))


def tell_ratio(what: str, rounds: list[Round]) -> list[Row]:
    ratios = sorted(each.ratio for each in rounds)
    middle = len(rounds) // 2
    bare = sorted((each.before + each.after) / 2 for each in rounds)[middle]
    return [
        Row(f"{what} moved a second", f"{sorted(each.backfill for each in rounds)[middle]:.0f}", ""),
        Row("  a bare loop of the same calls", f"{bare:.0f}", f"median of {len(rounds)} rounds"),
        Row(
            "  ratio",
            f"{ratios[middle]:.2f}",
            f"target 0.8; median of rounds from {ratios[0]:.2f} to {ratios[-1]:.2f}",
        ),
    ]


def tell_backfill(first: Run, rest: Run) -> list[Row]:
    return [
        Row("documents moved a second", f"{rest.rate:.0f}", f"{rest.moved:,} rows, {AT_ONCE} at once"),
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
