"""Redis calls of many requests at once, as processor time of this process per call, beside redis-py's pool.

Rounds are interleaved, so that what else the machine does falls on all alike.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import redis.asyncio
import uvloop

from bff.engines.valkey import Valkey
from cache.connection import Redis
from cache.leased import LeasedValues
from cache.policy import LeasePolicy
from tests.bench.table import Row

IN_FLIGHT, CALLS, ROUNDS = 64, 12_800, 5
KEYS, SLICE = 4_000, 100
COLD, SOURCE_S = 500, 0.15

Call = Callable[[], Awaitable[object]]
Peers = redis.asyncio.Redis


def measure_rows() -> list[Row]:
    """Seven rows; takes about fifteen seconds."""
    with tempfile.TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder), lasting=False)
        valkey.start()
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(compare(valkey.url()))
        finally:
            valkey.stop()


async def compare(url: str) -> list[Row]:
    ours, theirs = Redis.from_url(url, timeout_s=10.0), Peers.from_url(url, max_connections=IN_FLIGHT)
    await ours.open()
    try:
        await ours.call("SET", "bench", b"x" * 500)
        return [
            *await compare_reads(ours, theirs),
            *await compare_removals(ours, theirs),
            *await measure_cold(ours),
        ]
    finally:
        await theirs.aclose()
        await ours.close()


async def compare_reads(ours: Redis, theirs: Peers) -> list[Row]:
    values = make_values(ours)
    calls: list[Call] = [
        lambda: ours.call("GET", "bench"),
        lambda: values.read("hot", "scope"),
        lambda: theirs.get("bench"),
    ]
    get, hit, pooled = await measure_cpu(calls)
    return [
        Row("Redis GET, 64 in flight: CPU", f"{get:.1f} µs", "one pipelined connection"),
        Row("  the same through redis-py's pool", f"{pooled:.1f} µs", f"{pooled / get:.1f} times as much"),
        Row("  leased value, hit: CPU", f"{hit:.1f} µs", f"{hit / get:.1f} times a GET; one round trip"),
    ]


async def measure_cpu(calls: Sequence[Call]) -> list[float]:
    """Microseconds per call of each, the median of its rounds."""
    rounds: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for taken, call in zip(rounds, calls, strict=True):
            began = time.process_time()
            await asyncio.gather(*(repeat(call, CALLS // IN_FLIGHT) for _ in range(IN_FLIGHT)))
            taken.append((time.process_time() - began) / CALLS * 1e6)
    return [statistics.median(taken) for taken in rounds]


async def repeat(call: Call, times: int) -> None:
    for _ in range(times):
        await call()


async def compare_removals(ours: Redis, theirs: Peers) -> list[Row]:
    """Keys forgotten a second by one caller: a batch in one command, and one by one."""
    values = make_values(ours)
    keys = [f"key{number}" for number in range(KEYS)]

    async def batches() -> None:
        for start in range(0, KEYS, SLICE):
            await values.invalidate(keys[start : start + SLICE])

    async def one_by_one() -> None:
        for key in keys:
            await theirs.delete(f"bench:e:{{{key}}}")

    rates: dict[str, list[float]] = {"batches": [], "one by one": []}
    for _ in range(ROUNDS):
        for name, remove in (("batches", batches), ("one by one", one_by_one)):
            await ours.call("MSET", *(part for key in keys for part in (f"bench:e:{{{key}}}", "x")))
            began = time.perf_counter()
            await remove()
            rates[name].append(KEYS / (time.perf_counter() - began))
            if left := await ours.call("EXISTS", *(f"bench:e:{{{key}}}" for key in keys)):
                raise RuntimeError(f"{left} keys are still there")
    batched, single = (statistics.median(rates[name]) for name in ("batches", "one by one"))
    return [
        Row(
            f"keys forgotten a second, UNLINK of {SLICE}",
            f"{batched:,.0f}",
            f"{batched / single:.0f} times as many",
        ),
        Row("  the same by redis-py, DEL one by one", f"{single:,.0f}", ""),
    ]


async def measure_cold(ours: Redis) -> list[Row]:
    """Readers of as many cold keys, and of one, while the source takes a while."""
    rows = []
    for name, keys in ((f"{COLD} readers of {COLD} cold keys", COLD), (f"{COLD} readers of one", 1)):
        loads: list[str] = []
        values = make_values(ours, loads)
        await values.invalidate_all()
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(values.read(f"cold{number % keys}", "scope") for number in range(COLD)))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        what = f"{wall / SOURCE_S:.2f} × the source"
        rows.append(Row(name, what, f"{len(loads)} loads; CPU {cpu * 1e3:.0f} ms for all"))
    return rows


def make_values(redis: Redis, loads: list[str] | None = None) -> LeasedValues:
    async def load(key: str, scope: str) -> bytes:
        if loads is not None:
            loads.append(key)
            await asyncio.sleep(SOURCE_S)
        return b"x" * 500

    return LeasedValues(redis, namespace="bench", load=load, policy=LeasePolicy(unwatched_ttl_s=None))


def main() -> None:
    for row in measure_rows():
        sys.stdout.write(f"{row.what:<48}{row.value:>28}  {row.remark}\n")


if __name__ == "__main__":
    main()
