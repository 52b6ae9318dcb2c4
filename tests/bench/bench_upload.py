"""Fifty customers send 10 MiB at once: what that costs the web process in memory, and everybody else in waiting.

What runs on other machines elsewhere shall not count here: the customers are a process of their own, and they and the
local Salesforce get a processor only when nobody else wants it. The web process, its inspectors and PostgreSQL share
the machine with this reader, who asks for a status all the time. Reads are compared with those of idle seconds before
and after. How late the reader wakes from its naps tells how much of a figure is the machine's: where it is as late,
measure again.
"""

import http.client
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tests.bench.stage import Portal, run_portal
from tests.bench.table import Row
from tests.bench.uploads import Sent, make_photo, prepare_customers, send_all

AT_ONCE = 50
IDLE_S = 6.0
PAUSE_S = 0.005


class Watch(msgspec.Struct, frozen=True):
    """Seconds of each read of one who asks all the time, by how much each nap between two of them was too long, and the
    most memory of the web process meanwhile.
    """

    reads: list[float]
    delays: list[float]
    peak_kib: int

    def join(self, other: "Watch") -> "Watch":
        peak_kib = max(self.peak_kib, other.peak_kib)
        return Watch(self.reads + other.reads, self.delays + other.delays, peak_kib)

    def percentile(self, share: float) -> float:
        return find_percentile(self.reads, share)

    @property
    def delay(self) -> float:
        return find_percentile(self.delays, 0.99)


def measure_rows() -> list[Row]:
    """Five rows; takes about a minute."""
    with tempfile.TemporaryDirectory() as folder, run_portal(Path(folder)) as portal:
        tokens, photo = prepare_customers(Path(folder), AT_ONCE + 2), make_photo()
        step_back(find_sibling(portal.web_pid, "emulator"))
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=step_back) as pool:
            # The first two start the inspectors and fill the pools; what they leave behind is no growth.
            pool.submit(send_all, portal.port, tokens[:2], photo).result()
            before = read_rss_kib(portal.web_pid)
            idle = watch(portal, until=make_deadline(IDLE_S))
            sending: Future[Sent] = pool.submit(send_all, portal.port, tokens[2:], photo)
            busy = watch(portal, until=sending.done)
            sent = sending.result()
            after = watch(portal, until=make_deadline(IDLE_S))
            return compare(idle.join(after), busy, sent, before, len(photo))


def compare(idle: Watch, busy: Watch, sent: Sent, before_kib: int, size: int) -> list[Row]:
    assert sent.statuses == {202: AT_ONCE}, sent.statuses
    growth = (busy.peak_kib - before_kib) / 1024
    took = f"{AT_ONCE} at once of {size / 1024 / 1024:.1f} MiB, all taken in {sent.seconds:.1f} s"
    ratio = busy.percentile(0.99) / idle.percentile(0.99)
    return [
        Row("uploads: memory of the web process", f"+{growth:.0f} MB", f"target < 200 MB; {took}"),
        Row("  status reads meanwhile: p99", f"{busy.percentile(0.99):.1f} ms", f"{len(busy.reads)} reads"),
        Row("  ratio to p99 when idle", f"{ratio:.2f}", f"target < 2; idle {idle.percentile(0.99):.1f} ms"),
        Row(
            "  ratio of the medians",
            f"{busy.percentile(0.5) / idle.percentile(0.5):.2f}",
            f"{busy.percentile(0.5):.1f} ms against {idle.percentile(0.5):.1f} ms",
        ),
        Row("  reader waits for a processor: p99", f"{busy.delay:.1f} ms", f"idle {idle.delay:.1f} ms"),
    ]


def make_deadline(seconds: float) -> Callable[[], bool]:
    ends = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= ends


def watch(portal: Portal, *, until: Callable[[], bool]) -> Watch:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    reads, delays, peak = [], [], 0
    while not until():
        began = time.perf_counter()
        connection.request("GET", "/api/verification/id", headers=portal.headers)
        answer = connection.getresponse()
        answer.read()
        reads.append(time.perf_counter() - began)
        assert answer.status == 200
        peak = max(peak, read_rss_kib(portal.web_pid))
        lay_down = time.perf_counter()
        time.sleep(PAUSE_S)
        delays.append(time.perf_counter() - lay_down - PAUSE_S)
    connection.close()
    return Watch(reads, delays, peak)


def find_percentile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return sorted(seconds)[int(len(seconds) * share)] * 1000


def step_back(pid: int | None = None) -> None:
    """All threads of a process, or of this one: they get a processor when nobody else wants it (sched(7))."""
    for thread in Path(f"/proc/{pid or 'self'}/task").iterdir():
        os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))


def find_sibling(pid: int, word: str) -> int:
    """The process of the same `bff up` that has this word in its command."""
    parent = read_parent(pid)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if word.encode() in words and read_parent(int(folder.name)) == parent:
                return int(folder.name)
    raise LookupError(f"no process {word} found")


def read_parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def read_rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
