import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio

from bff.engines.valkey import Valkey
from cache.connection import Redis
from tests.integration.cache.proxy import Proxy, open_proxy

PATIENT_S = 10.0
"""A time-out that a busy machine does not reach; tests about time-outs choose their own."""

Connect = Callable[..., Awaitable[Redis]]


class Freezer:
    """Makes a server a black hole: it takes connections and bytes and never answers."""

    def __init__(self, valkey: Valkey) -> None:
        assert valkey.pid is not None
        self._pid = valkey.pid

    def freeze(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Open connections that are closed with the test."""
    opened: list[Redis] = []

    async def connect(url: str, *, timeout_s: float = PATIENT_S) -> Redis:
        redis = Redis.from_url(url, timeout_s=timeout_s)
        opened.append(redis)
        await redis.open()
        return redis

    yield connect
    for redis in opened:
        await redis.close()


@pytest_asyncio.fixture
async def redis(redis_url: str, connect: Connect) -> Redis:
    return await connect(redis_url)


@pytest_asyncio.fixture
async def other_redis(redis_url: str, connect: Connect) -> Redis:
    """A second connection: what is built on it stands for another process."""
    return await connect(redis_url)


@pytest.fixture
def valkey(make_valkey: Callable[[], Valkey]) -> Valkey:
    """A server of the test's own, to be stopped and started again."""
    return make_valkey()


@pytest.fixture
def freezer(valkey: Valkey) -> Iterator[Freezer]:
    freezer = Freezer(valkey)
    yield freezer
    freezer.thaw()


@pytest_asyncio.fixture
async def proxy(valkey_server: Valkey) -> AsyncIterator[Proxy]:
    """Between a test's connection and the shared server."""
    async with open_proxy(valkey_server.port) as proxy:
        yield proxy


@pytest.fixture
def proxy_url(redis_url: str, valkey_server: Valkey, proxy: Proxy) -> str:
    return redis_url.replace(f":{valkey_server.port}/", f":{proxy.port}/")


async def wait_until(holds: Callable[[], bool]) -> None:
    """Return soon after `holds` does; the test's own time limit ends a wait in vain."""
    while not holds():  # noqa: ASYNC110  what is waited for may lie in another process
        await asyncio.sleep(0.005)
