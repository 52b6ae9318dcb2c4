"""Loads that several readers share, and the rule by which a reader may join one."""

import asyncio
import functools
import itertools
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Flight(Generic[Result]):
    """A load under way as a task of its own, so that a reader who leaves doesn't take it down."""

    __slots__ = ("departed", "task")

    def __init__(self, departed: int, task: asyncio.Task[Result]) -> None:
        self.departed = departed
        self.task = task


class Flights(Generic[Result]):
    """Flights that depart at once. A reader joins one only if it departed after the reader began.

    So a reader who comes after an invalidation never gets what was read before it.
    """

    def __init__(self) -> None:
        self._order = itertools.count()
        self._latest: dict[Hashable, Flight[Result]] = {}

    def begin(self) -> int:
        """The moment at which a reader begins, to be given to `join`."""
        return next(self._order)

    async def join(self, key: Hashable, began: int, fly: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        flight = self._latest.get(key)
        if flight is None or flight.departed < began:
            flight = Flight(next(self._order), asyncio.create_task(fly()))
            self._latest[key] = flight
            flight.task.add_done_callback(functools.partial(self._land, key))
        return await asyncio.shield(flight.task)

    def _land(self, key: Hashable, task: asyncio.Task[Result]) -> None:
        if key in self._latest and self._latest[key].task is task:
            del self._latest[key]
        _retrieve(task)


class Queue(Generic[Result]):
    """Flights of one key depart one after the other; readers who come meanwhile share the next one.

    The same promise as `Flights` where no lease can bound the number of loads: at most one at a time.
    """

    def __init__(self) -> None:
        self._boarding: dict[Hashable, asyncio.Task[Result]] = {}
        self._flying: dict[Hashable, asyncio.Task[Result]] = {}

    async def join(self, key: Hashable, fly: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        task = self._boarding.get(key)
        if task is None:
            task = asyncio.create_task(self._depart(key, self._flying.get(key), fly))
            self._boarding[key] = task
            task.add_done_callback(functools.partial(self._land, key))
        return await asyncio.shield(task)

    async def _depart(
        self,
        key: Hashable,
        ahead: asyncio.Task[Result] | None,
        fly: Callable[[], Coroutine[Any, Any, Result]],
    ) -> Result:
        if ahead is not None:
            await asyncio.wait([ahead])
        task = self._boarding.pop(key)
        if ahead is not None and not ahead.cancelled():
            failure = ahead.exception()
            # The source failed while these readers waited: that's their answer too.
            if failure is not None:
                raise failure
        self._flying[key] = task
        return await fly()

    def _land(self, key: Hashable, task: asyncio.Task[Result]) -> None:
        for stage in (self._boarding, self._flying):
            if stage.get(key) is task:
                del stage[key]
        _retrieve(task)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Take note of a failure, which asyncio would otherwise report as forgotten when no reader is left."""
    if not task.cancelled():
        task.exception()
