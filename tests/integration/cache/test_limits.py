import asyncio

import pytest

from bff.engines.valkey import Valkey
from cache.connection import Redis
from cache.errors import CacheUnavailable
from cache.limits import Limiter
from tests.integration.cache.conftest import Connect, wait_until


class TestLimiter:
    @pytest.mark.asyncio
    async def test_allows_exactly_the_limit_to_many_clients_at_once(
        self, redis_url: str, connect: Connect
    ) -> None:
        limiters = [Limiter(await connect(redis_url)) for _ in range(8)]

        taken = await asyncio.gather(
            *(limiter.take("key", limit=10, window_s=60) for limiter in limiters for _ in range(50))
        )

        assert sum(one.allowed for one in taken) == 10
        assert sorted(one.remaining for one in taken if one.allowed) == list(range(10))

    @pytest.mark.asyncio
    async def test_says_when_to_come_back(self, redis: Redis) -> None:
        limiter = Limiter(redis)
        first = await limiter.take("key", limit=1, window_s=60)

        second = await limiter.take("key", limit=1, window_s=60)

        assert (first.allowed, first.remaining, first.retry_after_s) == (True, 0, 0)
        assert (second.allowed, second.remaining) == (False, 0)
        assert 59 <= second.retry_after_s <= 60

    @pytest.mark.asyncio
    async def test_a_refusal_does_not_prolong_the_window(self, redis: Redis) -> None:
        limiter = Limiter(redis)
        await limiter.take("key", limit=1, window_s=60)
        await redis.call("PEXPIRE", "limit:{key}", 1_500)

        refused = await limiter.take("key", limit=1, window_s=60)

        assert not refused.allowed
        assert refused.retry_after_s == 2

    @pytest.mark.asyncio
    async def test_starts_anew_when_the_window_is_over(self, redis: Redis) -> None:
        limiter = Limiter(redis)
        await limiter.take("key", limit=1, window_s=0.05)

        while not (await limiter.take("key", limit=1, window_s=0.05)).allowed:  # noqa: ASYNC110  Redis tells nobody
            await asyncio.sleep(0.02)

    @pytest.mark.asyncio
    async def test_counts_keys_apart(self, redis: Redis) -> None:
        limiter = Limiter(redis)

        taken = [await limiter.take(key, limit=1, window_s=60) for key in ("one", "two")]

        assert [one.allowed for one in taken] == [True, True]

    @pytest.mark.asyncio
    async def test_a_counter_that_lost_its_end_gets_a_new_one(self, redis: Redis) -> None:
        limiter = Limiter(redis)
        await redis.call("SET", "limit:{key}", 7)

        refused = await limiter.take("key", limit=5, window_s=60)

        assert not refused.allowed
        assert await redis.call("PTTL", "limit:{key}") > 0

    @pytest.mark.asyncio
    async def test_leaves_the_decision_to_the_caller_without_redis(
        self, valkey: Valkey, connect: Connect
    ) -> None:
        redis = await connect(valkey.url())
        valkey.stop()
        await wait_until(lambda: not redis.is_connected)

        with pytest.raises(CacheUnavailable):
            await Limiter(redis).take("key", limit=1, window_s=1)
