"""What documents cost, measured in a process as small as an inspector: prints one line of JSON for each.

`python -m tests.faults.bomb_process <file> …`. A document goes the way of an upload: its head is looked at, and what
that does not refuse is inspected in a fork whose memory the kernel counts.
"""

import os
import resource
import sys
import time
from pathlib import Path

import msgspec

from bff.verification.inspection.child import run_fork
from bff.verification.inspection.findings import DocumentRefused, RefusalCode
from bff.verification.inspection.headers import check_declared_size
from bff.verification.inspection.job import Job, parse_verdict
from bff.verification.inspection.kinds import HEAD_BYTES, read_kind
from bff.verification.intake.spool import BLOCK_BYTES


class Cost(msgspec.Struct, frozen=True):
    """`memory_mb`: more than a fork needs that does nothing. `cpu_ms` is what `took_ms` is where nothing else runs."""

    refused: str | None
    took_ms: float
    cpu_ms: float
    memory_mb: float


def inspect(name: str, content: bytes) -> tuple[RefusalCode | None, int]:
    """The refusal, and by how much more memory was held for it, in KiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        kind = read_kind(name, content[:HEAD_BYTES])
        check_declared_size(kind, content[:BLOCK_BYTES])
    except DocumentRefused as early:
        return early.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    idle = measure_idle()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        run_fork(Job(kind, len(content)), content, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        line = answers.readline()
        answers.read()
    _, status, usage = os.wait4(pid, 0)
    refused = RefusalCode.TOO_COMPLEX if status else parse_verdict(line).refused
    return refused, usage.ru_maxrss - idle


def measure_idle() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.wait4(pid, 0)[2].ru_maxrss


def measure_cpu_s() -> float:
    """Of this process and the forks that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(paths: list[Path]) -> None:
    for path in paths:
        content = path.read_bytes()
        began, cpu_s = time.perf_counter(), measure_cpu_s()
        refused, memory = inspect(path.name, content)
        took_ms = (time.perf_counter() - began) * 1000
        cpu_ms = (measure_cpu_s() - cpu_s) * 1000
        cost = Cost(refused, round(took_ms, 1), round(cpu_ms, 1), round(memory / 1024, 1))
        sys.stdout.write(msgspec.json.encode(cost).decode() + "\n")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
