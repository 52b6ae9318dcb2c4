"""Lanes: who gets the next free place."""

import asyncio

import pytest

from sf_sync.client.lanes import Lane, Lanes
from sf_sync.errors import SalesforceUnavailable


def get_later(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


class Rush:
    """Callers that hold their place until they are told to go."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.entered: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go: dict[str, asyncio.Event] = {}

    async def add(self, name: str, lane: Lane) -> None:
        self._go[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._call(name, lane))
        await asyncio.sleep(0)

    async def finish(self, name: str) -> None:
        self._go[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def _call(self, name: str, lane: Lane) -> None:
        async with self.lanes.place(lane, until=get_later(5)):
            self.entered.append(name)
            await self._go[name].wait()


@pytest.mark.asyncio
class TestLanes:
    async def test_give_the_next_place_to_the_most_urgent(self) -> None:
        rush = Rush(Lanes(1))
        await rush.add("first", Lane.CUSTOMER)
        for name, lane in (("poll", Lane.BACKGROUND), ("page", Lane.CUSTOMER), ("gate", Lane.GATE)):
            await rush.add(name, lane)

        for name in ("first", "gate", "page", "poll"):
            await rush.finish(name)

        assert rush.entered == ["first", "gate", "page", "poll"]

    async def test_keep_the_order_within_a_lane(self) -> None:
        rush = Rush(Lanes(1))
        names = [f"page {number}" for number in range(5)]
        for name in names:
            await rush.add(name, Lane.CUSTOMER)

        for name in names:
            await rush.finish(name)

        assert rush.entered == names

    async def test_keep_half_of_the_places_from_the_background(self) -> None:
        rush = Rush(Lanes(4))
        for number in range(4):
            await rush.add(f"poll {number}", Lane.BACKGROUND)
        assert rush.entered == ["poll 0", "poll 1"]

        await rush.add("page", Lane.CUSTOMER)
        assert rush.entered[-1] == "page"

        await rush.finish("poll 0")
        assert rush.entered[-1] == "poll 2"
        for name in ("page", "poll 1", "poll 2", "poll 3"):
            await rush.finish(name)

    async def test_refuse_who_waited_until_the_deadline(self) -> None:
        rush = Rush(Lanes(1))
        await rush.add("first", Lane.CUSTOMER)

        with pytest.raises(SalesforceUnavailable):
            async with rush.lanes.place(Lane.GATE, until=get_later(0.01)):
                pass

        await rush.finish("first")
        async with rush.lanes.place(Lane.GATE, until=get_later(1)):
            pass

    async def test_lose_no_place_to_callers_who_leave(self) -> None:
        rush = Rush(Lanes(1))
        await rush.add("first", Lane.CUSTOMER)
        await rush.add("leaves", Lane.CUSTOMER)
        await rush.add("last", Lane.CUSTOMER)

        # In one tick: the place is given to the second caller, and the second caller is cancelled.
        rush.tasks["first"].cancel()
        rush.tasks["leaves"].cancel()
        await asyncio.gather(rush.tasks["first"], rush.tasks["leaves"], return_exceptions=True)
        await rush.finish("last")

        assert rush.entered == ["first", "last"]
