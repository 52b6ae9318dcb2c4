"""Who goes first when more calls wait than may be in flight."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum

from sf_sync.errors import SalesforceUnavailable


class Lane(IntEnum):
    """How urgent a call is; a lower number goes first."""

    GATE = 0
    """Live reads of the checkout gate, and the writes of customers. Goes on until the org's last call."""
    CUSTOMER = 1
    """Reads that fill a page. Stops at 95 % of the org's daily calls."""
    BACKGROUND = 2
    """Polling, reconcile, migration. Stops at 80 %, and takes at most half of the places in flight."""


class Lanes:
    """A semaphore with priorities.

    httpx slows down by half when 20 calls share its pool and by more when hundreds queue in it, so the queue
    is here and the pool stays as small as `places`.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._background_free = max(1, places // 2)
        self._waiting: list[tuple[Lane, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @asynccontextmanager
    async def place(self, lane: Lane, *, until: float) -> AsyncIterator[None]:
        """Hold one of the places; waits for it behind everyone who is more urgent or was there before.

        Raises SalesforceUnavailable when none is free at `until`, on the event loop's clock.
        """
        try:
            async with asyncio.timeout_at(until):
                await self._enter(lane)
        except TimeoutError as error:
            raise SalesforceUnavailable("too many calls wait for Salesforce") from error
        try:
            yield
        finally:
            self._leave(lane)

    async def _enter(self, lane: Lane) -> None:
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (lane, next(self._order), turn))
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            # Cancelled in the same tick in which the place was given: hand it on, or it is lost for ever.
            if turn.done() and not turn.cancelled():
                self._leave(lane)
            raise

    def _leave(self, lane: Lane) -> None:
        self._free += 1
        self._background_free += lane is Lane.BACKGROUND
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._free:
            lane, _, turn = self._waiting[0]
            if lane is Lane.BACKGROUND and not self._background_free and not turn.done():
                return
            heapq.heappop(self._waiting)
            if not turn.done():
                self._free -= 1
                self._background_free -= lane is Lane.BACKGROUND
                turn.set_result(None)
