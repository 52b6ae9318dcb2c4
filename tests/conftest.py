"""Fixtures for every test, and who runs when.

With workers (`-n`), the controlling process starts the PostgreSQL that all share. Tests that kill processes or drive a
browser need several processes and mostly wait: one of them at a time runs beside the small ones. Tests that measure
time run alone.
"""

import fcntl
import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree

import msgspec
import pytest

from bff.engines.postgres import Postgres
from tests.fixtures.postgres_server import ADDRESS, PostgresServer, start_postgres

pytest_plugins = [
    "tests.fixtures.browser",
    "tests.fixtures.emulator",
    "tests.fixtures.postgres",
    "tests.fixtures.valkey",
    "tests.fixtures.web",
    "tests.fixtures.portal",  # builds on the others, which pytest wants to load first
]

LARGE = ("fault", "journey")
TURNSTILE = "PORTAL_TEST_TURNSTILE"
"""A folder of files that tests lock. `room`: those that run alone for themselves, all others together. `stage`: one
large one. `door`: whoever waits for an empty room lets nobody else in. To wait counts for a test's own timeout."""

_SHARED_POSTGRES = pytest.StashKey[Postgres]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Workers are started after this and inherit the environment."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    postgres = start_postgres(folder)
    config.stash[_SHARED_POSTGRES] = postgres
    os.environ[ADDRESS] = msgspec.json.encode(PostgresServer.of(postgres)).decode()
    os.environ[TURNSTILE] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    postgres = config.stash.get(_SHARED_POSTGRES, None)
    if postgres is not None:
        postgres.remove()
        rmtree(postgres.folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers take whole files in this order: large ones spread evenly over the small ones, so that two of them rarely
    meet, and at the end those that take no time."""
    large = list(dict.fromkeys(item.path for item in items if is_large(item)))
    small = list(dict.fromkeys(item.path for item in items if not is_large(item) and not is_quick(item)))
    places = spread(small) | spread(large)
    items.sort(key=lambda item: places.get(item.path, 1.0))


def pytest_collection_finish() -> None:
    """What was imported and collected lives as long as the run; the garbage collector need not walk it each time."""
    gc.collect()
    gc.freeze()


def spread(files: list[Path]) -> dict[Path, float]:
    """A place from 0 to below 1 for each."""
    return {file: number / len(files) for number, file in enumerate(files)}


def is_large(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in LARGE)


def is_quick(item: pytest.Item) -> bool:
    return "unit" in item.path.parts


@pytest.fixture(autouse=True)
def turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """Without workers there is nobody to wait for."""
    if TURNSTILE not in os.environ:
        yield
        return
    folder, is_alone = Path(os.environ[TURNSTILE]), request.node.get_closest_marker("alone") is not None
    with ExitStack() as held:
        if is_large(request.node):
            held.enter_context(locked(folder / "stage", fcntl.LOCK_EX))
        with locked(folder / "door", fcntl.LOCK_EX):
            held.enter_context(locked(folder / "room", fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH))
        yield


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield
