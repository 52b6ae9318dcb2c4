from collections.abc import AsyncIterator

import pytest_asyncio

from cache.connection import Redis

PATIENT_S = 10.0
"""A time-out that a busy machine does not reach; tests about time-outs choose their own."""


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    redis = Redis.from_url(redis_url, timeout_s=PATIENT_S)
    await redis.open()
    yield redis
    await redis.close()


@pytest_asyncio.fixture
async def other_redis(redis_url: str) -> AsyncIterator[Redis]:
    """A second connection: what is built on it stands for another process."""
    redis = Redis.from_url(redis_url, timeout_s=PATIENT_S)
    await redis.open()
    yield redis
    await redis.close()
