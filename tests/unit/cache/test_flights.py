import asyncio

import pytest

from cache.flights import Flights, Queue


class Runway:
    """Counts departures and lets each land when told."""

    def __init__(self) -> None:
        self.departures = 0
        self.lands = asyncio.Event()

    async def fly(self) -> int:
        self.departures += 1
        number = self.departures
        await self.lands.wait()
        return number


class TestFlights:
    @pytest.mark.asyncio
    async def test_readers_who_began_before_the_departure_share_it(self) -> None:
        flights, runway = Flights[int](), Runway()
        runway.lands.set()
        moments = [flights.begin() for _ in range(3)]

        assert await asyncio.gather(*(flights.join("key", began, runway.fly) for began in moments)) == [
            1,
            1,
            1,
        ]

    @pytest.mark.asyncio
    async def test_a_reader_who_began_after_it_takes_another(self) -> None:
        flights, runway = Flights[int](), Runway()
        early = asyncio.create_task(flights.join("key", flights.begin(), runway.fly))
        await asyncio.sleep(0)

        late = asyncio.create_task(flights.join("key", flights.begin(), runway.fly))
        await asyncio.sleep(0)
        runway.lands.set()

        assert (await early, await late) == (1, 2)

    @pytest.mark.asyncio
    async def test_keys_fly_apart(self) -> None:
        flights, runway = Flights[int](), Runway()
        runway.lands.set()
        began = flights.begin()

        numbers = await asyncio.gather(*(flights.join(key, began, runway.fly) for key in ("one", "two")))

        assert sorted(numbers) == [1, 2]


class TestQueue:
    @pytest.mark.asyncio
    async def test_those_who_come_during_a_flight_share_the_next(self) -> None:
        queue, runway = Queue[int](), Runway()
        first = asyncio.create_task(queue.join("key", runway.fly))
        await asyncio.sleep(0.001)
        others = [asyncio.create_task(queue.join("key", runway.fly)) for _ in range(5)]
        await asyncio.sleep(0.001)
        assert runway.departures == 1

        runway.lands.set()

        assert await first == 1
        assert await asyncio.gather(*others) == [2] * 5

    @pytest.mark.asyncio
    async def test_departs_anew_after_the_last_one_landed(self) -> None:
        queue, runway = Queue[int](), Runway()
        runway.lands.set()

        assert [await queue.join("key", runway.fly) for _ in range(3)] == [1, 2, 3]

    @pytest.mark.asyncio
    async def test_a_passenger_who_leaves_does_not_stop_the_others(self) -> None:
        queue, runway = Queue[int](), Runway()
        leaver = asyncio.create_task(queue.join("key", runway.fly))
        stayer = asyncio.create_task(queue.join("key", runway.fly))
        await asyncio.sleep(0.001)

        leaver.cancel()
        runway.lands.set()

        assert await stayer == 1
