"""A source of values for leased reads, with its calls counted and, on demand, held."""

import asyncio
from collections.abc import Callable

from cache.connection import Redis
from cache.leased import LeasedValues
from cache.policy import LeasePolicy


class SourceDown(Exception):
    pass


class Clock:
    """Seconds since 1970, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Answers every key with `value`. While held, a load that has looked waits for `release`."""

    def __init__(self, value: bytes | None = b"old") -> None:
        self.value = value
        self.is_down = False
        self.loads = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def load(self, key: str, scope: str) -> bytes | None:
        self.loads += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        value = self.value
        try:
            await self._open.wait()
            await asyncio.sleep(0)
            if self.is_down:
                raise SourceDown
        finally:
            self.in_flight -= 1
        return value


UNWATCHED = LeasePolicy(unwatched_ttl_s=None)


def make_values(
    redis: Redis, source: Source, *, policy: LeasePolicy = UNWATCHED, clock: Callable[[], float] | None = None
) -> LeasedValues:
    if clock is None:
        return LeasedValues(redis, namespace="test", load=source.load, policy=policy)
    return LeasedValues(redis, namespace="test", load=source.load, policy=policy, clock=clock)
