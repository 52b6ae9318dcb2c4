"""`bff up` as a person starts it: a process, its screen, its children."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bff.engines.ports import choose_free_port
from bff.settings import Settings, read_settings
from bff.up.data_dir import DataDir

READY_S = 60.0
_POLL_S = 0.05
# Whatever the shell that runs the tests has set must not reach into them.
_OURS = ("BFF_", "DATABASE_", "REDIS_", "SALESFORCE_", "BEARER_", "LOG_LEVEL")


class UpRun:
    """One data folder and one set of ports; `start` and `stop` as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.port, self.emulator_port, self.pubsub_port = (choose_free_port() for _ in range(3))
        self._starts = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def screen(self) -> str:
        """All that was printed since the last start."""
        return self._output.read_text()

    def start(self, **settings: str) -> float:
        """Start and wait until it says that it is ready; how many seconds that took."""
        started_at = time.monotonic()
        self._starts += 1
        self._output = self.folder / f"screen-{self._starts}.txt"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                self._make_command(),
                env=make_environment(settings),
                stdout=output,
                stderr=output,
                cwd=self.folder,
            )
        wait_until(
            lambda: "is ready" in self.screen or self._process.poll() is not None, "the ready screen", READY_S
        )
        assert "is ready" in self.screen, self.screen
        return time.monotonic() - started_at

    def try_to_start(self, **settings: str) -> subprocess.CompletedProcess[str]:
        """For starts that must fail."""
        return run_bff(*self._make_command()[3:], **settings)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send the signal and wait for the end; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(timeout=20)

    def read_settings(self) -> Settings:
        """What its children run with; the test's own process stays as it is."""
        running = DataDir(self.data_dir).find_running()
        assert running is not None
        return read_settings(running.environment)

    def list_children(self) -> dict[int, str]:
        """Process id and command line of everything that it started and that lives."""
        pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return {int(pid): read_command(int(pid)) for pid in pids}

    def find_child(self, part: str) -> int | None:
        """The child with this text in its command line."""
        return next((pid for pid, command in self.list_children().items() if part in command), None)

    def read_health(self) -> dict[str, Any]:
        """Raises OSError while the web process does not answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
            health: dict[str, Any] = json.load(answer)
            return health

    def is_healthy(self) -> bool:
        try:
            dependencies = self.read_health()["dependencies"]
        except (OSError, ValueError):
            return False
        return all(dependencies[name]["state"] == "up" for name in ("postgres", "redis", "salesforce"))

    def call(self, *arguments: str) -> str:
        """Output of another `bff` command that is told of this folder alone."""
        return run_bff(*arguments, "--data-dir", str(self.data_dir)).stdout

    def _make_command(self) -> list[str]:
        ports = [
            "--port",
            self.port,
            "--emulator-port",
            self.emulator_port,
            "--pubsub-port",
            self.pubsub_port,
        ]
        return [sys.executable, "-m", "bff", "up", *map(str, ports), "--data-dir", str(self.data_dir)]


@contextmanager
def up_run(folder: Path) -> Iterator[UpRun]:
    """Stopped at the end if the test did not do so."""
    run = UpRun(folder)
    yield run
    if hasattr(run, "_process"):
        run.stop(signal.SIGTERM)


def make_environment(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "BFF_ENV": "development", **settings}


def run_bff(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bff", *arguments]
    environment = make_environment(settings)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def read_command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Other processes give no event to await, so they are looked at again and again."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s for {what}"
        time.sleep(_POLL_S)
