"""Cached status read, signed in, on one worker, as processor time per request beside two peers in the same run.

The peers are the floor (a bare ASGI callable that does one Redis GET on our own pipelined connection) and the usual
stack (FastAPI, pydantic, redis-py, PyJWT). Rounds are interleaved, so that what else the machine does falls on all.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.load import Round, Target, measure
from tests.bench.stage import Stage, open_stage
from tests.bench.table import Row

ROUNDS, ROUND_S = 5, 3.0


async def measure_rounds(targets: Sequence[Target]) -> dict[str, list[Round]]:
    for target in targets:
        await measure(target, seconds=1.0)
    rounds: dict[str, list[Round]] = {target.name: [] for target in targets}
    for _ in range(ROUNDS):
        for target in targets:
            rounds[target.name].append(await measure(target, seconds=ROUND_S))
    return rounds


def cpu_us(rounds: Sequence[Round]) -> float:
    return statistics.median(one.cpu_us for one in rounds)


def compare(rounds: dict[str, list[Round]]) -> list[Row]:
    ours, floor, usual = (cpu_us(rounds[name]) for name in (Stage.PORTAL, Stage.BARE, Stage.FASTAPI))
    return [
        Row("cached status read: CPU per request", f"{ours:.0f} µs", "portal, session cookie, one worker"),
        Row("  ratio to a bare ASGI GET", f"{ours / floor:.2f}", f"target ≤ 2.5; the peer {floor:.0f} µs"),
        Row(
            "  ratio to FastAPI + redis-py + PyJWT",
            f"{ours / usual:.2f}",
            f"target ≤ 0.25; the peer {usual:.0f} µs",
        ),
    ]


def measure_rows() -> list[Row]:
    """Three rows; takes about a minute."""
    with tempfile.TemporaryDirectory() as folder, open_stage(Path(folder)) as stage:
        return compare(asyncio.run(measure_rounds(stage.targets)))
