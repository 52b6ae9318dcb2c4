"""Hits, misses and invalidations of leased values."""

import asyncio

import pytest

from cache.connection import Redis
from cache.policy import LeasePolicy
from tests.integration.cache.conftest import Connect, wait_until
from tests.integration.cache.proxy import Proxy
from tests.integration.cache.sources import Clock, Source, make_values


class TestHit:
    @pytest.mark.asyncio
    async def test_asks_the_source_once(self, redis: Redis) -> None:
        source, clock = Source(b"value"), Clock()
        values = make_values(redis, source, clock=clock)

        first = await values.read("key", "scope")
        clock.now += 10
        second = await values.read("key", "scope")

        assert source.loads == 1
        assert (first.value, first.source, first.stale) == (b"value", "source", False)
        assert (second.value, second.source, second.stale) == (b"value", "cache", False)
        assert second.read_at == first.read_at
        assert second.read_at.timestamp() == clock.now - 10

    @pytest.mark.asyncio
    async def test_costs_one_round_trip_and_no_script(
        self, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        values = make_values(await connect(proxy_url), Source())
        await values.read("key", "scope")
        proxy.chunks.clear()

        await values.read("key", "scope")

        assert len(proxy.chunks) == 1
        assert b"EVAL" not in proxy.chunks[0]

    @pytest.mark.asyncio
    async def test_keeps_scopes_apart(self, redis: Redis) -> None:
        source = Source(b"north's")
        values = make_values(redis, source)
        await values.read("key", "north")
        source.value = b"south's"

        assert (await values.read("key", "south")).value == b"south's"
        assert (await values.read("key", "north")).value == b"north's"


class TestStampede:
    @pytest.mark.asyncio
    async def test_a_thousand_readers_of_a_cold_key_make_one_load(self, redis: Redis) -> None:
        source = Source()
        values = make_values(redis, source)

        readings = await asyncio.gather(*(values.read("key", "scope") for _ in range(1_000)))

        assert source.loads == 1
        assert {reading.value for reading in readings} == {b"old"}

    @pytest.mark.asyncio
    async def test_readers_in_two_processes_make_one_load(self, redis: Redis, other_redis: Redis) -> None:
        source = Source()
        source.hold()
        processes = [make_values(redis, source), make_values(other_redis, source)]
        reads = [
            asyncio.create_task(process.read("key", "scope")) for _ in range(500) for process in processes
        ]
        await wait_until(lambda: source.loads > 0)

        source.release()
        await asyncio.gather(*reads)

        assert source.loads == 1

    @pytest.mark.asyncio
    async def test_readers_who_come_later_join_the_load_under_way(self, redis: Redis) -> None:
        source = Source()
        source.hold()
        values = make_values(redis, source)
        first = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)
        later = [asyncio.create_task(values.read("key", "scope")) for _ in range(100)]
        await redis.call("PING")

        source.release()
        await asyncio.gather(first, *later)

        assert source.loads == 1

    @pytest.mark.asyncio
    async def test_loads_of_different_keys_run_side_by_side(self, redis: Redis) -> None:
        source = Source()
        source.hold()
        values = make_values(redis, source)
        reads = [asyncio.create_task(values.read(f"key{n}", "scope")) for n in range(500)]
        await wait_until(lambda: source.in_flight == 500)

        source.release()
        await asyncio.gather(*reads)

        assert (source.loads, source.most_in_flight) == (500, 500)

    @pytest.mark.asyncio
    async def test_a_reader_who_leaves_does_not_take_the_load_along(self, redis: Redis) -> None:
        source = Source()
        source.hold()
        values = make_values(redis, source)
        leaver = asyncio.create_task(values.read("key", "scope"))
        stayer = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)

        leaver.cancel()
        source.release()

        assert (await stayer).value == b"old"
        assert source.loads == 1

    @pytest.mark.asyncio
    async def test_does_not_wait_for_ever_for_a_process_that_died(
        self, redis: Redis, other_redis: Redis
    ) -> None:
        dead, source = Source(), Source()
        dead.hold()
        died = asyncio.create_task(make_values(other_redis, dead).read("key", "scope"))
        await wait_until(lambda: dead.loads == 1)
        values = make_values(redis, source, policy=LeasePolicy(unwatched_ttl_s=None, wait_s=0.1))

        reading = await values.read("key", "scope")

        assert reading.source == "source"
        # What was read without a lease is not stored.
        assert (await values.read("key", "scope")).source == "source"
        dead.release()
        await died

    @pytest.mark.asyncio
    async def test_lifetimes_differ_so_that_values_do_not_end_together(self, redis: Redis) -> None:
        source, clock = Source(), Clock()
        policy = LeasePolicy(ttl_s=100, jitter=0.1, unwatched_ttl_s=None)
        values = make_values(redis, source, policy=policy, clock=clock)
        keys = [f"key{n}" for n in range(200)]
        await asyncio.gather(*(values.read(key, "scope") for key in keys))

        clock.now += 89.9
        await asyncio.gather(*(values.read(key, "scope") for key in keys))
        too_early = source.loads - 200
        clock.now += 10.1
        await asyncio.gather(*(values.read(key, "scope") for key in keys))
        halfway = source.loads - 200

        assert too_early == 0
        assert 50 < halfway < 150


class TestInvalidation:
    @pytest.mark.asyncio
    async def test_forgets_all_scopes_of_all_keys_named(self, redis: Redis) -> None:
        source = Source(b"old")
        values = make_values(redis, source)
        places = [(key, scope) for key in ("one", "two") for scope in ("north", "south")]
        for place in places:
            await values.read(*place)
        source.value = b"new"

        await values.invalidate(["one", "two"])

        assert [(await values.read(*place)).value for place in places] == [b"new"] * 4

    @pytest.mark.asyncio
    async def test_is_one_command_for_a_batch(self, connect: Connect, proxy: Proxy, proxy_url: str) -> None:
        values = make_values(await connect(proxy_url), Source())
        proxy.chunks.clear()

        await values.invalidate([f"key{n}" for n in range(100)])

        assert b"".join(proxy.chunks).count(b"UNLINK") == 1

    @pytest.mark.asyncio
    async def test_of_nothing_does_nothing(self, redis: Redis) -> None:
        await make_values(redis, Source()).invalidate([])

    @pytest.mark.asyncio
    async def test_refuses_a_fill_that_began_before(self, redis: Redis, other_redis: Redis) -> None:
        source = Source(b"old")
        source.hold()
        values = make_values(redis, source)
        early = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)
        source.value = b"new"

        await make_values(other_redis, source).invalidate(["key"])
        source.release()

        assert (await early).value == b"old"
        late = await values.read("key", "scope")
        assert (late.value, late.source) == (b"new", "source")

    @pytest.mark.asyncio
    @pytest.mark.parametrize("everything", [False, True])
    async def test_a_reader_who_comes_after_it_joins_no_older_load(
        self, redis: Redis, everything: bool
    ) -> None:
        source = Source(b"old")
        source.hold()
        values = make_values(redis, source)
        early = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)
        source.value = b"new"
        await (values.invalidate_all() if everything else values.invalidate(["key"]))

        late = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 2)
        source.release()

        assert (await early).value == b"old"
        assert (await late).value == b"new"
        hit = await values.read("key", "scope")
        assert (hit.value, hit.source) == (b"new", "cache")

    @pytest.mark.asyncio
    async def test_of_everything_counts_for_readers_who_share_an_earlier_look(
        self, redis: Redis, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        source = Source(b"old")
        source.hold()
        values = make_values(await connect(proxy_url), source)
        before = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)
        proxy.hold()
        looking = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: proxy.replies_held == 1)
        source.value = b"new"
        await make_values(redis, source).invalidate_all()

        after = asyncio.create_task(values.read("key", "scope"))
        proxy.release()
        await wait_until(lambda: source.loads == 2)
        source.release()

        assert (await after).value == b"new"
        await asyncio.gather(before, looking)

    @pytest.mark.asyncio
    async def test_of_everything_outlives_the_loss_of_its_own_mark(self, redis: Redis) -> None:
        source = Source(b"old")
        values = make_values(redis, source)
        await values.read("key", "scope")
        source.value = b"new"
        await values.invalidate_all()

        await redis.call("DEL", "{test}:epoch")

        assert (await values.read("key", "scope")).value == b"new"
