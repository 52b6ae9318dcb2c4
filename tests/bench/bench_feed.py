"""Change event to invalidated entry, through the whole feed: gRPC, Avro, decision, UNLINK, saved position.

The peer is the same job done plainly. Rounds are interleaved, so that what else the machine does falls on both alike.
Every round checks that each key is gone.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from bff.engines.valkey import Valkey
from tests.bench.feed_source import make_key
from tests.bench.table import Row

PEERS = {"ours": "tests.bench.peers.our_feed", "plain": "tests.bench.peers.plain_feed"}
BURSTS = {"ours": 40_000, "plain": 8_000}
ROUNDS = 3
RATE, STEADY = 200, 2_000


def measure_rows() -> list[Row]:
    """Six rows; takes about a minute."""
    with tempfile.TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder), lasting=False)
        valkey.start()
        try:
            return compare_bursts(valkey) + compare_delays(valkey)
        finally:
            valkey.stop()


def compare_bursts(valkey: Valkey) -> list[Row]:
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in PEERS}
    for _ in range(ROUNDS):
        for name in PEERS:
            rounds[name].append(run_burst(valkey, name))
    return [line for name in PEERS for line in format_burst(name, rounds[name])]


def format_burst(name: str, rounds: list[tuple[float, float]]) -> list[Row]:
    count = BURSTS[name]
    rate = statistics.median(count / wall_s for wall_s, _ in rounds)
    cpu_us = statistics.median(cpu_s / count * 1e6 for _, cpu_s in rounds)
    target = "target ≥ 8,000" if name == "ours" else "fastavro + redis-py, one by one"
    return [
        Row(f"change events per second, {name}", f"{rate:,.0f}", target),
        Row(
            f"  CPU per event, {name}", f"{cpu_us:.1f} µs", f"{1e6 / cpu_us:,.0f} events a second on one core"
        ),
    ]


def run_burst(valkey: Valkey, name: str) -> tuple[float, float]:
    """Wall and processor seconds of the consumer for a backlog."""
    count = BURSTS[name]
    with redis.Redis.from_url(valkey.url()) as store:
        fill(store, count)
        with start_source(valkey, "backlog", str(count)) as (_, port):
            wall_s, cpu_s = json.loads(run_consumer(valkey, name, port, count))
        check_gone(store, count)
    return wall_s, cpu_s


def compare_delays(valkey: Valkey) -> list[Row]:
    return [format_delays(name, run_steady(valkey, name)) for name in PEERS]


def format_delays(name: str, delays_ms: list[float]) -> Row:
    p50, p99 = statistics.median(delays_ms), statistics.quantiles(delays_ms, n=100)[98]
    target = "target p99 < 50 ms" if name == "ours" else ""
    return Row(f"event to key gone at {RATE}/s, {name}", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", target)


def run_steady(valkey: Valkey, name: str) -> list[float]:
    with redis.Redis.from_url(valkey.url()) as store:
        fill(store, STEADY)
        with start_source(valkey, "steady", str(RATE), str(STEADY)) as (source, port):
            run_consumer(valkey, name, port, STEADY)
            delays_ms: list[float] = json.loads(source.stdout.readline())  # type: ignore[union-attr]
        check_gone(store, STEADY)
    return delays_ms


def fill(store: "redis.Redis", count: int) -> None:
    store.flushall()
    for start in range(0, count, 1_000):
        store.mset({make_key(number): "x" * 200 for number in range(start, min(start + 1_000, count))})


def check_gone(store: "redis.Redis", count: int) -> None:
    left = store.exists(*(make_key(number) for number in range(count)))
    if left:
        raise RuntimeError(f"{left} of {count} keys are still there")


@contextmanager
def start_source(valkey: Valkey, *mode: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    command = [sys.executable, "-m", "tests.bench.feed_source", valkey.url(), *mode]
    source = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield source, int(source.stdout.readline())  # type: ignore[union-attr]
    finally:
        source.kill()
        source.communicate()


def run_consumer(valkey: Valkey, name: str, port: int, count: int) -> str:
    command = [sys.executable, "-m", PEERS[name], f"127.0.0.1:{port}", valkey.url(), str(count)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def main() -> None:
    for row in measure_rows():
        sys.stdout.write(f"{row.what:<48}{row.value:>28}  {row.remark}\n")


if __name__ == "__main__":
    main()
