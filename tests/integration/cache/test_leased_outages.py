"""Without Redis, with a slow one and with one that comes back: values come from the source, old ones don't return."""

import asyncio
import time

import pytest
import pytest_asyncio

from bff.engines.valkey import Valkey
from cache.connection import Redis
from cache.errors import CacheUnavailable
from tests.integration.cache.conftest import Connect, Freezer, wait_until
from tests.integration.cache.proxy import Proxy
from tests.integration.cache.sources import Source, SourceDown, make_values


@pytest_asyncio.fixture
async def away(valkey: Valkey, connect: Connect) -> Redis:
    """A connection whose server is gone."""
    redis = await connect(valkey.url())
    valkey.stop()
    await wait_until(lambda: not redis.is_connected)
    return redis


class TestRedisGone:
    @pytest.mark.asyncio
    async def test_values_come_from_the_source(self, away: Redis) -> None:
        source = Source(b"value")
        values = make_values(away, source)

        readings = [await values.read("key", "scope") for _ in range(2)]

        assert [(reading.value, reading.source) for reading in readings] == [(b"value", "source")] * 2

    @pytest.mark.asyncio
    async def test_readers_at_once_share_a_load(self, away: Redis) -> None:
        source = Source()
        values = make_values(away, source)

        await asyncio.gather(*(values.read("key", "scope") for _ in range(500)))

        assert source.loads == 1

    @pytest.mark.asyncio
    async def test_a_reader_who_comes_later_gets_a_later_load(self, away: Redis) -> None:
        source = Source(b"old")
        source.hold()
        values = make_values(away, source)
        early = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)
        source.value = b"new"

        late = [asyncio.create_task(values.read("key", "scope")) for _ in range(100)]
        await asyncio.sleep(0)
        source.release()

        assert (await early).value == b"old"
        assert {reading.value for reading in await asyncio.gather(*late)} == {b"new"}
        assert (source.loads, source.most_in_flight) == (2, 1)

    @pytest.mark.asyncio
    async def test_those_who_wait_for_a_load_share_its_failure(self, away: Redis) -> None:
        source = Source()
        source.hold()
        source.is_down = True
        values = make_values(away, source)
        early = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)
        late = asyncio.create_task(values.read("key", "scope"))
        await asyncio.sleep(0.01)

        source.release()

        assert [type(failure) for failure in await asyncio.gather(early, late, return_exceptions=True)] == [
            SourceDown,
            SourceDown,
        ]
        assert source.loads == 1

    @pytest.mark.asyncio
    async def test_writes_go_on(self, away: Redis) -> None:
        source = Source(b"old")
        values = make_values(away, source)

        async with values.writing("key"):
            source.value = b"new"

        assert (await values.read("key", "scope")).value == b"new"

    @pytest.mark.asyncio
    async def test_an_invalidation_says_that_it_failed(self, away: Redis) -> None:
        values = make_values(away, Source())

        with pytest.raises(CacheUnavailable):
            await values.invalidate(["key"])
        with pytest.raises(CacheUnavailable):
            await values.invalidate_all()
        with pytest.raises(CacheUnavailable):
            await values.beat(ttl_s=1)


class TestRedisBack:
    @pytest.mark.asyncio
    async def test_a_write_made_meanwhile_is_made_known(self, valkey: Valkey, connect: Connect) -> None:
        """The server keeps its data over the restart, the old value too."""
        source = Source(b"old")
        redis = await connect(valkey.url())
        values = make_values(redis, source)
        await values.read("key", "scope")
        valkey.stop()
        async with values.writing("key"):
            source.value = b"new"

        valkey.start()
        elsewhere = make_values(await connect(valkey.url()), source)
        await wait_until(lambda: redis.is_connected)

        assert (await values.read("key", "scope")).value == b"new"
        while (await elsewhere.read("key", "scope")).value != b"new":  # noqa: ASYNC110  in another process
            await asyncio.sleep(0.02)

    @pytest.mark.asyncio
    async def test_a_restart_during_a_load_still_answers(self, valkey: Valkey, connect: Connect) -> None:
        source = Source(b"value")
        source.hold()
        redis = await connect(valkey.url())
        values = make_values(redis, source)
        reads = [asyncio.create_task(values.read("key", "scope")) for _ in range(50)]
        await wait_until(lambda: source.loads == 1)

        valkey.stop()
        valkey.start()
        await wait_until(lambda: redis.is_connected)
        source.release()

        assert {reading.value for reading in await asyncio.gather(*reads)} == {b"value"}

    @pytest.mark.asyncio
    async def test_an_emptied_server_is_filled_again(self, redis: Redis) -> None:
        source = Source()
        values = make_values(redis, source)
        await values.read("key", "scope")

        await redis.call("FLUSHALL")

        assert [(await values.read("key", "scope")).source for _ in range(2)] == ["source", "cache"]


class TestRedisSilent:
    @pytest.mark.asyncio
    async def test_a_black_hole_costs_one_timeout_and_no_answer(
        self, valkey: Valkey, freezer: Freezer, connect: Connect
    ) -> None:
        source = Source(b"value")
        values = make_values(await connect(valkey.url(), timeout_s=0.3), source)
        freezer.freeze()

        began = time.perf_counter()
        readings = await asyncio.gather(*(values.read(f"key{n}", "scope") for n in range(100)))
        first_s = time.perf_counter() - began
        began = time.perf_counter()
        await values.read("key0", "scope")
        second_s = time.perf_counter() - began

        assert {reading.value for reading in readings} == {b"value"}
        assert first_s < 1.0
        assert second_s < 0.1

    @pytest.mark.asyncio
    async def test_one_that_falls_silent_under_a_lease_costs_one_timeout(
        self, proxy: Proxy, proxy_url: str, connect: Connect
    ) -> None:
        source = Source(b"value")
        source.hold()
        values = make_values(await connect(proxy_url, timeout_s=0.3), source)
        reads = [asyncio.create_task(values.read("key", "scope")) for _ in range(20)]
        await wait_until(lambda: source.loads == 1)

        proxy.hold()
        source.release()

        assert {reading.value for reading in await asyncio.gather(*reads)} == {b"value"}
        assert source.loads == 1

    @pytest.mark.asyncio
    async def test_a_slow_one_is_waited_for_once(
        self, proxy: Proxy, proxy_url: str, connect: Connect
    ) -> None:
        source = Source(b"value")
        values = make_values(await connect(proxy_url, timeout_s=0.2), source)
        proxy.delay_s = 2.0

        began = time.perf_counter()
        readings = [await values.read("key", "scope") for _ in range(20)]

        assert {reading.value for reading in readings} == {b"value"}
        assert time.perf_counter() - began < 1.0

    @pytest.mark.asyncio
    async def test_a_lost_answer_to_an_invalidation_is_a_failure(
        self, proxy: Proxy, proxy_url: str, connect: Connect
    ) -> None:
        values = make_values(await connect(proxy_url), Source())
        proxy.hold()
        invalidation = asyncio.create_task(values.invalidate(["key"]))
        await wait_until(lambda: proxy.replies_held > 0)

        proxy.cut()

        with pytest.raises(CacheUnavailable):
            await invalidation
