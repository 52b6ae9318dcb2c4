"""Fixtures for every test. With workers (`-n`), the controlling process starts the PostgreSQL that all share."""

import os
import tempfile
from pathlib import Path
from shutil import rmtree

import msgspec
import pytest

from bff.engines.postgres import Postgres
from tests.fixtures.postgres_server import ADDRESS, PostgresServer, start_postgres

pytest_plugins = [
    "tests.fixtures.emulator",
    "tests.fixtures.portal",
    "tests.fixtures.postgres",
    "tests.fixtures.valkey",
]

_SHARED_POSTGRES = pytest.StashKey[Postgres]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Workers are started after this and inherit the environment."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    postgres = start_postgres(folder)
    config.stash[_SHARED_POSTGRES] = postgres
    os.environ[ADDRESS] = msgspec.json.encode(PostgresServer.of(postgres)).decode()


def pytest_unconfigure(config: pytest.Config) -> None:
    postgres = config.stash.get(_SHARED_POSTGRES, None)
    if postgres is not None:
        postgres.stop()
        rmtree(postgres.folder, ignore_errors=True)
