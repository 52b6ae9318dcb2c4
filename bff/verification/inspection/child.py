"""The inspector: a warm process that forks for every document and lives itself without ever decoding one.

Run as `python -m bff.verification.inspection.child`. The fork gets limits on memory and processor time and an alarm,
decodes, answers and ends; whatever a hostile document does to it is over with it. Forking a warm process costs
milliseconds, starting one half a second.
"""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

from bff.verification.inspection.findings import DocumentRefused, Inspected, Kind, RefusalCode
from bff.verification.inspection.images import inspect_image
from bff.verification.inspection.job import Job, Verdict, format_line, read_job
from bff.verification.inspection.pdf import inspect_pdf

WALL_S = 8
_NICENESS = 19


class Budget(NamedTuple):
    """`memory_bytes`, and `memory_factor` times the document's size on top of it; seconds of processor time."""

    memory_bytes: int
    memory_factor: int
    cpu_s: int


# Pictures are unpacked, up to 40 megapixels of them; of a PDF only the objects are.
_PICTURE = Budget(768 * 1024 * 1024, 0, 5)
_PDF = Budget(24 * 1024 * 1024, 4, 2)


def main() -> None:
    # The supervisor's Ctrl-C reaches the whole group; this process ends when its input does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    while (received := read_job(sys.stdin.buffer)) is not None:
        _inspect_in_fork(*received)


def _inspect_in_fork(job: Job, content: bytes) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        run_fork(job, content, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    _, status = os.waitpid(pid, 0)
    # A fork that was cut by a limit has answered nothing or a part; both mean that the document asked for too much.
    if status != 0:
        answer = format_line(Verdict(refused=RefusalCode.TOO_COMPLEX))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def run_fork(job: Job, content: bytes, writing: int) -> NoReturn:
    """Everything that the fork does: answer into the pipe `writing` and end, whatever happens."""
    try:
        _set_limits(job)
        answer = inspect(job.kind, content)
        with os.fdopen(writing, "wb") as out:
            out.write(answer)
        os._exit(0)
    except BaseException:
        # No traceback: it could carry parts of the document.
        os._exit(1)


def _set_limits(job: Job) -> None:
    budget = _PDF if job.kind is Kind.PDF else _PICTURE
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    memory = in_use + budget.memory_bytes + budget.memory_factor * job.size
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (budget.cpu_s, budget.cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_S)


def inspect(kind: Kind, content: bytes) -> bytes:
    """The finished answer for one document: verdict line and, when accepted, the rebuilt bytes."""
    try:
        inspected = inspect_pdf(content) if kind is Kind.PDF else inspect_image(kind, content)
    except DocumentRefused as refused:
        return format_line(Verdict(refused=refused.code))
    return _format_accepted(inspected)


def _format_accepted(inspected: Inspected) -> bytes:
    verdict = Verdict(kind=inspected.kind, quality=inspected.quality, size=len(inspected.content))
    return format_line(verdict) + inspected.content


if __name__ == "__main__":
    main()
