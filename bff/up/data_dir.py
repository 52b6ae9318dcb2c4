"""The data folder: who runs there now, with which environment, and the secrets made for it."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec


class DataDirBusy(Exception):
    """Another `bff up` runs with this folder."""


class Running(msgspec.Struct, frozen=True):
    """What a running `bff up` tells other commands. The environment holds passwords."""

    pid: int
    environment: dict[str, str]


class DataDir:
    """One folder, used by at most one `bff up` at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.engines = self.path / "engines"
        self._lock = self.path / "up.lock"
        self._state = self.path / "up.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Ours until the block ends or the process dies; the kernel lets go of the lock in both cases.

        Raises:
            DataDirBusy: somebody else's.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataDirBusy(f"Another `bff up` runs with {self.path}.") from error
            try:
                yield
            finally:
                self._state.unlink(missing_ok=True)

    def tell(self, environment: Mapping[str, str]) -> None:
        """Let other commands find the engines; only while the folder is `held`."""
        _write_private(self._state, msgspec.json.encode(Running(os.getpid(), dict(environment))))

    def find_running(self) -> Running | None:
        """The `bff up` that runs here, if one does and has told its engines."""
        if not self._is_held() or not self._state.exists():
            return None
        return msgspec.json.decode(self._state.read_bytes(), type=Running)

    def get_secrets(self) -> dict[str, str]:
        """What the settings with secrets of our own are here, made at the first call.

        A newer version may want more of them than the one that made this folder.
        """
        path = self.path / "secrets.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        found = _make_secrets() | kept
        if found.keys() != kept.keys():
            _write_private(path, json.dumps(found).encode())
        return found

    def _is_held(self) -> bool:
        if not self._lock.exists():
            return False
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


def _write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    draft = path.with_name(f"{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.rename(path)


def _make_secrets() -> dict[str, str]:
    document_key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
    return {
        "BFF_SECRET_KEY": secrets.token_urlsafe(48),
        "BFF_CODE_PEPPER": secrets.token_urlsafe(48),
        "BFF_DOCUMENT_KEYS": f"development:{document_key}",
    }
