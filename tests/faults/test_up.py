"""One command: everything comes up, stays up, and goes away without a trace."""

import os
import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bff.engines.postgres import LOGIN, OWNER, Postgres
from bff.engines.valkey import Valkey
from bff.stopping import END_WITHIN_S
from tests.faults.up_run import UpRun, is_alive, run_bff, up_run, wait_until

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpRun]:
    """One for the tests that leave it running and whole."""
    with up_run(tmp_path_factory.mktemp("up")) as run:
        run.start()
        yield run


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[UpRun]:
    """Not started; the data folder does not exist yet."""
    with up_run(tmp_path) as run:
        yield run


class TestScreen:
    def test_shows_the_addresses_and_the_demo_people(self, running: UpRun) -> None:
        for shown in (
            f":{running.port}/",
            f":{running.emulator_port}/console",
            "hana@customer.example",
            "Ctrl-C",
        ):
            assert shown in running.screen

    def test_comes_when_the_portal_is_ready(self, running: UpRun) -> None:
        assert running.read_health()["dependencies"]["postgres"]["state"] == "up"

    def test_tells_no_secret(self, running: UpRun) -> None:
        for secret in ("postgresql://", "redis://", "password"):
            assert secret not in running.screen.replace("(no password)", "")


class TestOtherCommands:
    def test_find_the_running_portal_by_its_folder(self, running: UpRun) -> None:
        token = running.call("token", "--email", "kenji@customer.example").strip()

        request = urllib.request.Request(
            f"http://127.0.0.1:{running.port}/api/eligibility/internet",
            headers={"Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert '"status":"pending"' in answer.read().decode()

    def test_say_so_when_nothing_runs_there(self, tmp_path: Path) -> None:
        refused = run_bff("worker", "--data-dir", str(tmp_path))

        assert refused.returncode == 1
        assert "DATABASE_URL" in refused.stderr
        assert "Traceback" not in refused.stderr


class TestPortInUse:
    def test_is_told_in_one_sentence(self, running: UpRun) -> None:
        refused = running.try_to_start()

        assert refused.returncode == 1
        assert refused.stderr.splitlines() == [
            f"Error: Port {running.port} is in use: stop what listens there, or choose another with --port."
        ]
        assert running.is_healthy()

    def test_is_told_by_a_single_process_too(self, running: UpRun) -> None:
        refused = run_bff("serve", "--port", str(running.port), "--data-dir", str(running.data_dir))

        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1

    def test_does_not_hide_that_the_folder_is_taken(self, running: UpRun, tmp_path: Path) -> None:
        other = UpRun(tmp_path)
        other.data_dir = running.data_dir

        refused = other.try_to_start()

        assert refused.returncode == 1
        assert "Another `bff up` runs with" in refused.stderr
        assert running.is_healthy()


class TestKilledProcess:
    @pytest.mark.parametrize(
        "command", ["bff worker", "bff feed", "bff serve", "bff emulator", "bin/postgres", "valkey-server"]
    )
    def test_is_started_again(self, running: UpRun, command: str) -> None:
        killed = running.find_child(command)
        assert killed is not None

        os.kill(killed, signal.SIGKILL)

        wait_until(lambda: running.find_child(command) not in (None, killed), f"a new {command}")
        wait_until(running.is_healthy, "health")


class TestStop:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_leaves_no_process_and_no_open_port(self, fresh: UpRun, number: signal.Signals) -> None:
        fresh.start()
        children = list(fresh.list_children())

        code = fresh.stop(number)

        assert code == 0
        assert len(children) == 6
        assert [pid for pid in children if is_alive(pid)] == []

    def test_of_a_killed_supervisor_takes_everything_with_it(self, fresh: UpRun) -> None:
        fresh.start()
        children = fresh.list_children()

        os.kill(fresh.pid, signal.SIGKILL)

        wait_until(lambda: not any(map(is_alive, children)), f"the end of {children}", 2 * END_WITHIN_S)
        fresh.start()
        assert fresh.is_healthy()


class TestRestart:
    def test_keeps_the_data_and_costs_no_more_than_the_first_start(self, fresh: UpRun) -> None:
        first_s = fresh.start()
        before = (fresh.data_dir / "secrets.json").read_text(), ask_journal(fresh)
        fresh.stop()

        again_s = fresh.start()

        # The first one makes the cluster and its tables; twice as long leaves room for what else the machine does.
        assert again_s < 2 * first_s
        assert ((fresh.data_dir / "secrets.json").read_text(), ask_journal(fresh)) == before
        assert fresh.call("token", "--email", "hana@customer.example").count(".") == 2


def ask_journal(run: UpRun) -> bool:
    """Whether the emulator has its demo Case."""
    with urllib.request.urlopen(f"http://127.0.0.1:{run.emulator_port}/console", timeout=5) as answer:
        return "Kenji Mori" in answer.read().decode()


class TestSettings:
    def test_name_engines_that_are_used_instead(
        self, fresh: UpRun, make_postgres: Callable[[], Postgres], make_valkey: Callable[[], Valkey]
    ) -> None:
        postgres, valkey = make_postgres(), make_valkey()

        fresh.start(
            DATABASE_URL=postgres.url(LOGIN), DATABASE_OWNER_URL=postgres.url(OWNER), REDIS_URL=valkey.url()
        )

        commands = " ".join(fresh.list_children().values())
        assert fresh.is_healthy()
        assert "bin/postgres" not in commands
        assert "valkey-server" not in commands
        fresh.stop()

    def test_that_are_wrong_are_told_before_anything_starts(self, fresh: UpRun) -> None:
        refused = fresh.try_to_start(LOG_LEVEL="loud")

        assert refused.returncode == 1
        assert "LOG_LEVEL must be one of" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (fresh.data_dir / "engines").exists()

    def test_that_name_a_database_out_of_reach_are_told_at_the_start(self, fresh: UpRun) -> None:
        refused = fresh.try_to_start(DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")

        assert refused.returncode == 1
        assert "PostgreSQL cannot be reached" in refused.stderr

    def test_must_be_complete_outside_development(self, fresh: UpRun) -> None:
        refused = fresh.try_to_start(BFF_ENV="production")

        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1
        assert "set DATABASE_URL and REDIS_URL and SALESFORCE_URL, or BFF_ENV=development." in refused.stderr

    def test_allow_tokens_in_development_only(self, running: UpRun) -> None:
        refused = run_bff(
            *("token", "--email", "hana@customer.example", "--data-dir", str(running.data_dir)),
            BFF_ENV="production",
            BFF_PUBLIC_URL="https://portal.example",
        )

        assert refused.returncode == 1
        assert refused.stdout == ""
        assert "development only" in refused.stderr
