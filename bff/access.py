"""The access log: a line of JSON per request, without address, query or anybody's name."""

import asyncio
import sys
from typing import BinaryIO

import msgspec

FLUSH_AFTER_S = 0.05


class AccessLine(msgspec.Struct, frozen=True):
    """`route` is the template, never the address; `at` is in seconds since 1970."""

    route: str
    method: str
    status: int
    ms: float
    org: str | None
    request_id: str
    at: float
    event: str = "request"
    level: str = "info"


class AccessLog:
    """Writes the lines of a few milliseconds at once: a write of each would be a tenth of a cached read."""

    def __init__(self, stream: BinaryIO | None = None, *, is_enabled: bool = True) -> None:
        self._stream = stream or sys.stdout.buffer
        self._is_enabled = is_enabled
        self._encoder = msgspec.json.Encoder()
        self._lines: list[AccessLine] = []

    def write(self, line: AccessLine) -> None:
        """From within the event loop."""
        if not self._is_enabled:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)
        self._lines.append(line)

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(self._encoder.encode_lines(lines))
            self._stream.flush()
