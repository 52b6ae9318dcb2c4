"""A small closed-loop HTTP load on loopback: keep-alive connections, one request in flight on each."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    name: str
    port: int
    request: bytes
    pids: tuple[int, ...]


@dataclass(frozen=True)
class Round:
    requests: int
    cpu_us: float
    per_second: float


def format_request(path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def measure(target: Target, *, seconds: float, connections: int = 64) -> Round:
    """Processor time of the target's processes per request, over one bounded round.

    Raises AssertionError when any answer is not a 200, so that a fast error can't look like speed.
    """
    before, began = _cpu_s(target.pids), time.perf_counter()
    deadline = began + seconds
    counts = await asyncio.gather(*(_drive(target, deadline) for _ in range(connections)))
    took, spent = time.perf_counter() - began, _cpu_s(target.pids) - before
    total = sum(counts)
    return Round(total, spent / total * 1e6, total / took)


async def _drive(target: Target, deadline: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    count = 0
    try:
        while time.perf_counter() < deadline:
            writer.write(target.request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), f"{target.name}: {head[:120]!r}"
            await reader.readexactly(_content_length(head))
            count += 1
    finally:
        writer.close()
    return count


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    raise AssertionError("an answer without a length")


def _cpu_s(pids: tuple[int, ...]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100
