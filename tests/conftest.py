"""Fixtures for every test, and who runs when.

With workers (`-n`), the controlling process starts the PostgreSQL that all share. Tests that kill processes, drive a
browser or measure time run alone at the end, whatever the workers do.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
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

ALONE = ("fault", "journey")
TURNSTILE = "PORTAL_TEST_TURNSTILE"
"""A file that tests lock: those that run alone for themselves, all others together."""

_SHARED_POSTGRES = pytest.StashKey[Postgres]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Workers are started after this and inherit the environment."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    postgres = start_postgres(folder)
    config.stash[_SHARED_POSTGRES] = postgres
    os.environ[ADDRESS] = msgspec.json.encode(PostgresServer.of(postgres)).decode()
    os.environ[TURNSTILE] = str(folder / "turnstile")


def pytest_unconfigure(config: pytest.Config) -> None:
    postgres = config.stash.get(_SHARED_POSTGRES, None)
    if postgres is not None:
        postgres.remove()
        rmtree(postgres.folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs alone comes last, when the workers have nothing else to do. They take whole files in this order."""
    items.sort(key=runs_alone)


def runs_alone(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ALONE)


@pytest.fixture(autouse=True)
def turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """Without workers there is nobody to wait for."""
    if TURNSTILE not in os.environ:
        yield
        return
    with Path(os.environ[TURNSTILE]).open("a") as turnstile:
        fcntl.flock(turnstile, fcntl.LOCK_EX if runs_alone(request.node) else fcntl.LOCK_SH)
        yield
