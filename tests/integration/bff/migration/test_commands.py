"""`bff migrate …` as an operator types it: plain lines in a pipe, one sentence for whatever cannot be done."""

import asyncio
import fcntl
import os
import struct
import sys
import termios
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from bff.adapters import Adapters, make_adapters, opened
from bff.demo.people import DEMO_ORGS
from bff.migration import demo_data
from bff.migration.phases import Phase
from bff.settings import read_settings
from tests.bench.migration_stage import go_to
from tests.fixtures.emulator import EmulatorServer
from tests.fixtures.postgres import TestDatabase
from tests.fixtures.web import make_environ, seed
from tests.integration.bff.migration.typing_process import END

ORG_ID = DEMO_ORGS[0].id
NARROW = 40
TABLE = "CREATE TABLE cards (id serial PRIMARY KEY, customer_id text, content bytea, status text)"


class Shell:
    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.environ, self._folder = dict(environ), folder

    async def type(self, *lines: str, **environ: str) -> list[tuple[int, str]]:
        """Exit code and all output of each command, as a pipe gets it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.integration.bff.migration.typing_process"),
            *(" ".join(self._complete(line)) for line in lines),
            env=self.environ | environ,
            stdout=PIPE,
            stderr=STDOUT,
        )
        output, _ = await process.communicate()
        ends = output.decode().split(END)[:-1]
        return [(int(end[-1]), end[:-1]) for end in ends]

    async def look(self, line: str) -> tuple[int, str]:
        """The same on a terminal that is narrow."""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, NARROW, 0, 0))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bff", *self._complete(line)),
            env=self.environ | {"TERM": "xterm"},
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        reading = asyncio.to_thread(read_all, ours)
        output = await reading
        os.close(ours)
        return await process.wait(), output.decode()

    def _complete(self, line: str) -> list[str]:
        words = [word.format(folder=self._folder) for word in line.split()]
        return ["migrate", *words, "--data-dir", str(self._folder)]


def read_all(terminal: int) -> bytes:
    """A terminal whose other end is closed answers with an error."""
    parts = []
    while True:
        try:
            parts.append(os.read(terminal, 4096))
        except OSError:
            return b"".join(parts)


@pytest_asyncio.fixture
async def shell(
    test_database: TestDatabase, redis_url: str, emulator_server: EmulatorServer, tmp_path: Path
) -> AsyncIterator[Shell]:
    await seed(test_database, emulator_server)
    environ = make_environ(test_database, redis_url, emulator_server)
    yield Shell(environ | {"BFF_PUBLIC_URL": "http://localhost", "LOG_LEVEL": "error"}, tmp_path)


@pytest_asyncio.fixture
async def adapters(shell: Shell) -> AsyncIterator[Adapters]:
    async with opened(make_adapters(read_settings(shell.environ))) as adapters:
        yield adapters


async def expect_refusals(shell: Shell, cases: Mapping[str, str], **environ: str) -> None:
    """Each with exit code 1 and one sentence."""
    told = await shell.type(*cases, **environ)
    assert dict(zip(cases, told, strict=True)) == {
        line: (1, f"Error: {sentence}\n") for line, sentence in cases.items()
    }


@pytest.mark.asyncio
@pytest.mark.timeout(120)
class TestCommand:
    async def test_without_anything_to_move_says_so(self, shell: Shell) -> None:
        begin = "Documents move from the phase backfill on: bff migrate advance."
        which = "Say which organisation with --org; those with something to move: none."
        await expect_refusals(
            shell,
            {
                "advance": which,
                "advance --org nowhere": "There is no organisation nowhere.",
                "back --org demo": "This organisation has nothing to move.",
                "pause --org demo": "This organisation has nothing to move.",
                "backfill --org demo": begin,
                "verify --org demo": "Documents are compared from the phase backfill on: bff migrate advance.",
                "purge --org demo --digests {folder}/all": "Rows are deleted in the phase salesforce_only alone.",
                "ignore 1 --reason R --until 2020-01-01 --org demo": "That day is over: give one to come.",
                "ignore 1 --reason R --until 2099-01-01 --org demo": "Nothing is known of a row 1: bff migrate status"
                " --rows lists them.",
            },
        )
        standing = "salesforce_only (nothing to move)"
        assert await shell.type("status") == [(0, f"demo: {standing}\noman: {standing}\n")]

    async def test_with_an_older_table_that_is_not_there_says_so(
        self, shell: Shell, test_database: TestDatabase
    ) -> None:
        with psycopg.connect(test_database.owner_url, autocommit=True) as connection:
            connection.execute(TABLE)
        misfit = "The table at LEGACY_DATABASE_URL cannot be used: "
        away = "postgresql://nobody@127.0.0.1:1/none"
        await expect_refusals(
            shell,
            {"status": "PostgreSQL cannot be reached at LEGACY_DATABASE_URL."},
            LEGACY_DATABASE_URL=away,
            LEGACY_ORG="demo",
        )
        await expect_refusals(
            shell,
            {"advance": misfit + 'column "submitted_at" does not exist.'},
            LEGACY_DATABASE_URL=test_database.owner_url,
            LEGACY_ORG="demo",
            LEGACY_TABLE="cards",
            LEGACY_COLUMNS="file_name=,content_type=,reviewer_note=,rejection_message=,reviewed_at=,updated_at=",
        )

    async def test_while_salesforce_is_away_says_so(
        self, shell: Shell, adapters: Adapters, emulator_server: EmulatorServer
    ) -> None:
        await demo_data.load(adapters, ORG_ID, rows=2)
        await go_to(adapters, Phase.DUAL_WRITE)
        emulator_server.emulator.faults.unavailable = True
        await expect_refusals(shell, {"advance": "Salesforce cannot be reached."})
        ((code, output),) = await shell.type("demo-data --rows 3")
        emulator_server.emulator.faults.reset()

        assert code == 1
        assert "Salesforce does not do it (" in output
        assert "Traceback" not in output

    async def test_speaks_plain_lines_in_a_pipe_and_fits_a_narrow_terminal(
        self, shell: Shell, adapters: Adapters
    ) -> None:
        await demo_data.load(adapters, ORG_ID, rows=6, faults=1)
        await go_to(adapters, Phase.BACKFILL)
        (code, output), (verified, page), (refused, blocker) = await shell.type(
            "backfill", "verify --report {folder}/report", "advance", COLUMNS=str(NARROW)
        )
        code_there, shown = await shell.look("backfill")

        lines = output.splitlines()
        assert code == 0
        assert all(line.startswith("moved: ") for line in lines[:-1])
        assert lines[-1].endswith("1 reported, 0 put off, 0 had moved before.")
        assert "\x1b" not in output
        assert code_there == 0
        assert "0 moved at 0/s" in shown
        assert (verified, "  reported: 1" in page.splitlines()) == (1, True)
        assert refused == 1
        assert blocker.splitlines() == [
            "Error: 1 rows cannot be moved: bff migrate status --rows tells why; mend them, or bff migrate ignore."
        ]
        assert "Traceback" not in output + shown + page + blocker
