"""Bombs are refused before they cost anything."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.bombs import BOMBS
from tests.documents import make_pdf, make_pdf_of_packed_objects
from tests.faults.bomb_process import Cost

pytestmark = [pytest.mark.fault, pytest.mark.alone]

MOST_MS, MOST_MB = 50.0, 20.0


def measure(paths: list[Path]) -> list[Cost]:
    command = [sys.executable, "-m", "tests.faults.bomb_process", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return [msgspec.json.decode(line, type=Cost) for line in done.stdout.splitlines()]


def write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir()
    (folder / name).write_bytes(content)
    return folder / name


def test_bombs_are_refused_at_once_and_unopened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The first fork pays for what the library loads late.
    warm = write(tmp_path / "warm", "warm.pdf", make_pdf())
    paths = [
        write(tmp_path / str(number), name, make()) for number, (name, make, _) in enumerate(BOMBS.values())
    ]

    _, *costs = measure([warm, *paths, *paths])
    costs = [
        min(pair, key=lambda cost: cost.cpu_ms) for pair in zip(costs, costs[len(paths) :], strict=False)
    ]

    with capsys.disabled():
        for name, cost in zip(BOMBS, costs, strict=True):
            sys.stdout.write(f"\n{name}: {cost.took_ms} ms ({cost.cpu_ms} ms of work), {cost.memory_mb} MB")
    for (_, _, code), cost in zip(BOMBS.values(), costs, strict=True):
        assert (cost.refused, cost.cpu_ms < MOST_MS, cost.memory_mb < MOST_MB) == (code, True, True)


def test_a_heap_of_small_ones_is_stopped_by_the_forks_limits(tmp_path: Path) -> None:
    """No single part is too large here; the sum is, and the fork may not have so much."""
    heap = write(tmp_path / "heap", "heap.pdf", make_pdf_of_packed_objects(3_000_000, count=200))

    [cost] = measure([heap])

    assert cost.refused == "document_too_complex"
    assert cost.memory_mb < 64
    assert cost.cpu_ms < 8_000
