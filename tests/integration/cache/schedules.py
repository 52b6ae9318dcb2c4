"""Generated histories of one cached record: who reads, writes, tells of changes, and what goes wrong on the way.

Each schedule has a namespace of its own, two processes and a feed, each on a real connection. It decides when the
source looks at its record, when the answer arrives, when a writer commits and when it comes back, and lets any number
of round trips pass in between. Many schedules run at once, so that one round trip serves all of them.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from cache.connection import Redis
from cache.entries import Entries, LeaseScripts
from cache.leased import LeasedValues
from cache.policy import LeasePolicy
from tests.integration.cache.record import KEY, Load, Record, SourceFailed, Writer, choose_outcome

SCOPES = ("north", "south")


class Violation(NamedTuple):
    seed: int
    kind: str
    what: str


class Tide:
    """Lets all schedules that wait pass one full round trip on every connection."""

    def __init__(self, connections: Sequence[Redis]) -> None:
        self._connections = connections
        self._next: asyncio.Task[None] | None = None

    async def turn(self) -> None:
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        await asyncio.shield(self._next)

    async def _run(self) -> None:
        await asyncio.sleep(0)
        self._next = None
        for reply in [connection.start("PING") for connection in self._connections]:
            await reply


class Schedule:
    def __init__(self, seed: int, connections: Sequence[Redis], tide: Tide, scripts: LeaseScripts) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._tide = tide
        self._redis = connections[0]
        self._is_nosy = self._random.random() < 0.5
        swiftness = self._random.choice((0.0, 0.3, 0.8))
        self._record = Record(is_swift=lambda: self._random.random() < swiftness)
        self._namespace = f"s{seed}"
        policy = LeasePolicy(
            ttl_s=self._random.choice((600.0, 600.0, 600.0, 0.0)),
            unwatched_ttl_s=None,
            wait_s=self._random.choice((0.0, 0.03, 0.2)),
        )
        self._entries = Entries(self._redis, namespace=self._namespace, policy=policy, scripts=scripts)
        *self._processes, self._feed = [
            LeasedValues(
                redis, namespace=self._namespace, load=self._record.load, policy=policy, scripts=scripts
            )
            for redis in connections
        ]
        self._writers: list[tuple[Writer, asyncio.Task[None]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._lost_events = 0
        self.violations: list[Violation] = []

    async def run(self) -> list[Violation]:
        steps, weights, pauses = self._choose_mood()
        for step in self._random.choices(steps, weights, k=self._random.randint(8, 32)):
            step()
            for _ in range(self._random.choice(pauses)):
                await self._tide.turn()
            if self._is_nosy:
                self._begin_probe()
        await self._quiesce()
        for scope in SCOPES:
            await self._check_end(scope)
        for _, task in self._writers:
            task.cancel()
        return self.violations

    def _choose_mood(self) -> tuple[list[Callable[[], None]], list[int], tuple[int, ...]]:
        """Each schedule overdoes some things and neglects others, so that rare coincidences become common in some."""
        usual = {
            self._begin_read: 5,
            self._advance_load: 6,
            self._begin_write: 2,
            self._advance_writer: 5,
            self._commit_foreign: 1,
            self._deliver_event: 2,
            self._lose_event: 1,
            self._close_gap: 1,
            self._begin_probe: 1,
            self._expire_marks: 1,
        }
        weights = [weight * self._random.choice((1, 1, 2, 4)) for weight in usual.values()]
        return list(usual), weights, self._random.choice(((0, 0, 1), (0, 1, 1, 2), (1, 2, 2, 3)))

    async def _quiesce(self) -> None:
        """Let everything under way come to its end, in any order, except what crashed."""
        while True:
            if steps := self._list_open_steps():
                self._random.choice(steps)()
                if self._random.random() < 0.4:
                    await self._tide.turn()
            elif pending := [task for task in self._list_tasks() if not task.done()]:
                await asyncio.wait(pending, timeout=0.01)
            else:
                return

    def _list_open_steps(self) -> list[Callable[[], None]]:
        return [
            *[self._advance_load] * len(self._record.loads),
            *[self._advance_writer] * any(writer.can_advance for writer, _ in self._writers),
            *[self._deliver_event] * len(self._record.events),
            *[self._close_gap] * (self._lost_events > 0),
        ]

    def _list_tasks(self) -> list[asyncio.Task[None]]:
        writes = [task for writer, task in self._writers if not writer.has_crashed]
        return [*self._tasks, *writes]

    def _begin_read(self) -> None:
        self._spawn(self._read(self._random.choice(self._processes), self._random.choice(SCOPES)))

    async def _read(self, values: LeasedValues, scope: str) -> None:
        floor = self._record.floor
        try:
            reading = await values.read(KEY, scope)
        except SourceFailed:
            return
        if not self._record.allows(reading.value, floor):
            self._report("read", f"showed {reading.value!r} though {floor} was written before it began")

    def _begin_probe(self) -> None:
        self._spawn(self._probe(self._random.choice(SCOPES)))

    async def _probe(self, scope: str) -> None:
        floor = self._record.floor
        look = await self._entries.look(KEY, scope)
        if look.envelope is not None and not self._record.allows(look.envelope.value, floor):
            self._report("entry", f"holds {look.envelope.value!r} though {floor} was written before")

    def _advance_load(self) -> None:
        if self._record.loads:
            load: Load = self._random.choice(self._record.loads)
            self._record.advance(load, fails=self._random.random() < 0.05)

    def _begin_write(self) -> None:
        writer = Writer(self._record, choose_outcome(self._random))
        task = asyncio.create_task(writer.run(self._random.choice(self._processes)))
        self._writers.append((writer, task))

    def _advance_writer(self) -> None:
        if able := [writer for writer, _ in self._writers if writer.can_advance]:
            self._random.choice(able).advance()

    def _commit_foreign(self) -> None:
        self._record.commit(deletes=self._random.random() < 0.2)

    def _deliver_event(self) -> None:
        if self._record.events:
            event = self._random.choice(self._record.events)
            if self._random.random() < 0.7:
                self._record.events.remove(event)
            self._spawn(self._tell(self._feed.invalidate([KEY])))

    def _lose_event(self) -> None:
        if self._record.events:
            self._record.events.remove(self._random.choice(self._record.events))
            self._lost_events += 1

    def _close_gap(self) -> None:
        """The feed notices that events are missing, or believes so."""
        if self._lost_events or self._random.random() < 0.3:
            self._lost_events = 0
            self._spawn(self._tell(self._feed.invalidate_all()))

    async def _tell(self, invalidation: Coroutine[Any, Any, None]) -> None:
        version = self._record.version
        await invalidation
        self._record.raise_floor(version)

    def _expire_marks(self) -> None:
        """Thirty seconds pass for the marks."""
        if self._record.expiries % 2 == 0:
            self._record.expiries += 1
            for writer, _ in self._writers:
                writer.lose_mark()
            self._spawn(self._remove_marks())

    async def _remove_marks(self) -> None:
        await self._redis.call("DEL", f"{self._namespace}:d:{{{KEY}}}")
        self._record.expiries += 1

    async def _check_end(self, scope: str) -> None:
        look = await self._entries.look(KEY, scope)
        if look.envelope is not None and look.envelope.value != self._record.show():
            self._report(
                "entry", f"still holds {look.envelope.value!r} at the end, not {self._record.show()!r}"
            )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def _report(self, kind: str, what: str) -> None:
        self.violations.append(Violation(self._seed, kind, what))


async def run_schedules(
    seeds: Sequence[int],
    connections: Sequence[Redis],
    *,
    scripts: LeaseScripts | None = None,
    at_once: int = 200,
) -> list[Violation]:
    """Run them all, many at a time; what they found, by seed."""
    tide, left, found = Tide(connections), iter(seeds), list[Violation]()

    async def work() -> None:
        for seed in left:
            found.extend(await Schedule(seed, connections, tide, scripts or LeaseScripts()).run())

    await asyncio.gather(*(work() for _ in range(at_once)))
    return sorted(found)
