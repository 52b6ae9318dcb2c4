"""A record at the source whose loads and writes go on only when a schedule says so."""

import asyncio
import random
from collections.abc import Callable
from typing import Literal

from cache.leased import LeasedValues

KEY = "record"

Outcome = Literal["known", "refused", "refused by exception", "lost answer", "lost request", "late", "crash"]
OUTCOMES: tuple[Outcome, ...] = (
    "known", "known", "refused", "refused by exception", "lost answer", "lost request", "late", "crash",
)  # fmt: skip


class SourceFailed(Exception):
    pass


class WriteRefused(Exception):
    pass


class Load:
    """One read of the source: it looks at the record, and its answer arrives later."""

    def __init__(self) -> None:
        self.looks = asyncio.Event()
        self.answers = asyncio.Event()
        self.fails = False


class Record:
    """`floor` is the oldest version that a read which begins now may show. A swift load waits for nobody."""

    def __init__(self, is_swift: Callable[[], bool]) -> None:
        self._is_swift = is_swift
        self.version = 0
        self.floor = 0
        self.deleted: set[int] = set()
        self.events: list[int] = []
        self.loads: list[Load] = []
        self.expiries = 0

    async def load(self, key: str, scope: str) -> bytes | None:
        if self._is_swift():
            return self.show()
        load = Load()
        self.loads.append(load)
        await load.looks.wait()
        value = self.show()
        await load.answers.wait()
        if load.fails:
            raise SourceFailed
        return value

    def show(self) -> bytes | None:
        return None if self.version in self.deleted else b"%d" % self.version

    def advance(self, load: Load, *, fails: bool) -> None:
        if not load.looks.is_set():
            load.looks.set()
            return
        load.fails = fails
        load.answers.set()
        self.loads.remove(load)

    def commit(self, *, deletes: bool = False) -> int:
        """Any commit, ours or not, is told in an event."""
        self.version += 1
        self.events.append(self.version)
        if deletes:
            self.deleted.add(self.version)
        return self.version

    def raise_floor(self, version: int) -> None:
        self.floor = max(self.floor, version)

    def allows(self, value: bytes | None, floor: int) -> bool:
        if value is None:
            return any(floor <= version <= self.version for version in self.deleted)
        return floor <= int(value) <= self.version


class Writer:
    """A write of our own. `advance` lets it commit, then come back, then (when late) commit after all."""

    def __init__(self, record: Record, outcome: Outcome) -> None:
        self._record = record
        self._outcome = outcome
        self._commits = asyncio.Event()
        self._returns = asyncio.Event()
        self._is_marked = False
        self._has_left = False
        self._is_over = False
        self.has_crashed = False

    @property
    def can_advance(self) -> bool:
        if self._is_over or (self._outcome == "crash" and self._commits.is_set()):
            return False
        return not self._returns.is_set() or (self._outcome == "late" and self._has_left)

    def advance(self) -> None:
        if not self._commits.is_set():
            self._commits.set()
        elif not self._returns.is_set():
            self._returns.set()
        else:
            self._commit()
            self._is_over = True

    def lose_mark(self) -> None:
        self._is_marked = False

    async def run(self, values: LeasedValues) -> None:
        expiries = self._record.expiries
        try:
            async with values.writing(KEY) as write:
                # An odd number: marks are being removed right now.
                self._is_marked = expiries == self._record.expiries and expiries % 2 == 0
                await self._commits.wait()
                if self._outcome in {"known", "lost answer", "crash"}:
                    version = self._commit()
                # After the commit and before the clean-up, for good.
                self.has_crashed = self._outcome == "crash"
                await self._returns.wait()
                if self._outcome in {"lost answer", "lost request", "late"}:
                    write.leave_unknown()
                if self._outcome == "refused by exception":
                    write.settle()
                    raise WriteRefused
        except WriteRefused:
            pass
        self._has_left = True
        if self._outcome == "known":
            self._record.raise_floor(version)

    def _commit(self) -> int:
        version = self._record.commit()
        # While its mark stands, even a write that never comes back is seen by everybody who reads after it.
        if self._is_marked:
            self._record.raise_floor(version)
        return version


def choose_outcome(source: random.Random) -> Outcome:
    return source.choice(OUTCOMES)
