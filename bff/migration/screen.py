"""What `bff migrate` shows: a progress bar on a terminal, plain lines elsewhere, and where an org stands."""

import time
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bff.migration.backfill import Progress as BackfillProgress
from bff.migration.conditions import CONDITIONS
from bff.migration.phases import Phase
from bff.migration.service import Report

LINE_EVERY_S = 5.0
_NEXT = {
    Phase.SALESFORCE_ONLY: "bff migrate purge",
    Phase.PURGED: "nothing: the migration is over",
}


class ProgressScreen:
    """A context manager whose `show` may be called as often as there is news."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._bar: Progress | None = None
        self._told_at = 0.0
        self._last = ""
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(
                *columns, TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), console=console
            )
            self._task = self._bar.add_task(title, total=None, rate="")

    def __enter__(self) -> "ProgressScreen":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._last:
            self._console.print(self._last, highlight=False, soft_wrap=True)

    def show_backfill(self, progress: BackfillProgress) -> None:
        note = f", waits for {progress.waits_for}" if progress.waits_for else ""
        left = f", about {progress.left_s:.0f} s left" if progress.left_s is not None else ""
        counts = f"{progress.reported} reported, {progress.put_off} put off"
        rate = f"{progress.rate:.0f}/s{note}"
        self.show(progress.done, progress.total, rate, f" ({progress.rate:.0f}/s{left}), {counts}{note}")

    def show(self, done: int, total: int, rate: str = "", rest: str = "") -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total or None, rate=rate)
            return
        self._last = f"{self._title}: {done} of {total}{rest}"
        if time.monotonic() - self._told_at >= LINE_EVERY_S:
            self._told_at = time.monotonic()
            self._console.print(self._last, highlight=False, soft_wrap=True)
            self._last = ""


def show_report(console: Console, report: Report) -> None:
    """One org: its phase, what was measured, and what stands in the way."""
    for line in format_report(report):
        console.print(line, highlight=False, soft_wrap=True)


def format_report(report: Report) -> Iterator[str]:
    """Lines with the marks of the screen's library."""
    entry, measures = report.entry, report.measures
    if entry is None or measures is None:
        yield f"[bold]{report.org.slug}[/]: salesforce_only (nothing to move)"
        return
    phase = entry.phase + (f" at {entry.percent} %" if entry.phase == "ramp" else "")
    yield f"[bold]{report.org.slug}[/]: {phase}" + (", paused" if entry.is_paused else "")
    if entry.reason:
        yield f"  stepped back by itself: {entry.reason}"
    yield (
        f"  rows {measures.rows}, moved {measures.moved}, waiting {measures.waiting}, reported"
        f" {measures.reported}, not verified {measures.unverified}"
    )
    yield (
        f"  reads compared {measures.compared}, differed {measures.mismatched}; clean passes in a row"
        f" {measures.passes_clean}; deliveries waiting {measures.deliveries_waiting}, parked"
        f" {measures.deliveries_parked}"
    )
    for condition in CONDITIONS[entry.phase]:
        mark = "[green]yes[/]" if condition.holds(measures) else "[red]no [/]"
        yield f"  {mark} {condition.name}"
    yield f"  next: {report.blocker or _NEXT.get(entry.phase, 'bff migrate advance')}"
