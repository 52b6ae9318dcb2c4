"""How long other programs kept the processor from this one, so that a figure is the product's and not the machine's."""

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

NAP_S = 0.005


class Machine:
    """Naps all the time. How much longer than asked it slept, and this process did not work meanwhile, was others'."""

    def __init__(self) -> None:
        self._woken_at: list[datetime] = []
        self._taken_s: list[float] = []

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            began, worked = time.monotonic(), time.process_time()
            await asyncio.sleep(NAP_S)
            late_s = time.monotonic() - began - NAP_S
            self._woken_at.append(datetime.now(UTC))
            self._taken_s.append(max(0.0, late_s - (time.process_time() - worked)))

    def find_taken_s(self, began_at: datetime, ended_at: datetime) -> float:
        """Of the time between these instants."""
        first, last = bisect_left(self._woken_at, began_at), bisect_right(self._woken_at, ended_at)
        return sum(self._taken_s[first:last])

    @property
    def share(self) -> float:
        """Of all the time."""
        passed_s = (self._woken_at[-1] - self._woken_at[0]).total_seconds() if self._woken_at else 0.0
        return sum(self._taken_s) / passed_s if passed_s else 0.0


@asynccontextmanager
async def watching_machine() -> AsyncIterator[Machine]:
    machine = Machine()
    watching = asyncio.create_task(machine.watch())
    yield machine
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
