"""What leased values are worth as time goes by, when the source fails and when they turn up in the wrong place."""

import asyncio

import pytest
from structlog.testing import capture_logs

from cache.connection import Redis
from cache.policy import LeasePolicy
from tests.integration.cache.sources import UNWATCHED, Clock, Source, SourceDown, make_values

WATCHED = LeasePolicy(ttl_s=600, unwatched_ttl_s=30, serve_stale_s=3600)


class TestAbsence:
    @pytest.mark.asyncio
    async def test_is_remembered_for_a_moment(self, redis: Redis) -> None:
        source, clock = Source(None), Clock()
        values = make_values(redis, source, clock=clock)
        await values.read("key", "scope")

        clock.now += UNWATCHED.absent_ttl_s - 0.1
        remembered = await values.read("key", "scope")
        clock.now += 0.2
        source.value = b"there after all"
        found = await values.read("key", "scope")

        assert (remembered.value, remembered.source) == (None, "cache")
        assert (found.value, found.source) == (b"there after all", "source")

    @pytest.mark.asyncio
    async def test_is_not_shown_once_old(self, redis: Redis) -> None:
        source, clock = Source(None), Clock()
        values = make_values(redis, source, clock=clock)
        await values.read("key", "scope")
        clock.now += UNWATCHED.absent_ttl_s
        source.is_down = True

        with pytest.raises(SourceDown):
            await values.read("key", "scope")


class TestFailingSource:
    @pytest.mark.asyncio
    async def test_a_failure_is_passed_on_and_not_stored(self, redis: Redis) -> None:
        source = Source()
        values = make_values(redis, source)
        source.is_down = True
        failures = await asyncio.gather(
            *(values.read("key", "scope") for _ in range(20)), return_exceptions=True
        )
        assert {type(failure) for failure in failures} == {SourceDown}

        source.is_down = False

        assert (await values.read("key", "scope")).value == b"old"

    @pytest.mark.asyncio
    async def test_a_failure_gives_the_lease_back(self, redis: Redis, other_redis: Redis) -> None:
        failing, source = Source(), Source()
        failing.is_down = True
        with pytest.raises(SourceDown):
            await make_values(redis, failing).read("key", "scope")

        await make_values(other_redis, source).read("key", "scope")

        assert (await make_values(other_redis, source).read("key", "scope")).source == "cache"

    @pytest.mark.asyncio
    async def test_shows_an_expired_value_as_stale(self, redis: Redis) -> None:
        source, clock = Source(b"value"), Clock()
        values = make_values(redis, source, policy=WATCHED, clock=clock)
        first = await values.read("key", "scope")
        clock.now += WATCHED.serve_stale_s
        source.is_down = True

        reading = await values.read("key", "scope")

        assert (reading.value, reading.source, reading.stale) == (b"value", "cache", True)
        assert reading.read_at == first.read_at

    @pytest.mark.asyncio
    async def test_shows_nothing_older_than_the_policy_allows(self, redis: Redis) -> None:
        source, clock = Source(), Clock()
        values = make_values(redis, source, policy=WATCHED, clock=clock)
        await values.read("key", "scope")
        clock.now += WATCHED.serve_stale_s + 1
        source.is_down = True

        with pytest.raises(SourceDown):
            await values.read("key", "scope")

    @pytest.mark.asyncio
    @pytest.mark.parametrize("everything", [False, True])
    async def test_never_shows_what_was_invalidated(self, redis: Redis, everything: bool) -> None:
        source = Source()
        values = make_values(redis, source)
        await values.read("key", "scope")
        await (values.invalidate_all() if everything else values.invalidate(["key"]))
        source.is_down = True

        with pytest.raises(SourceDown):
            await values.read("key", "scope")


class TestWatching:
    @pytest.mark.asyncio
    async def test_a_beat_lets_values_live_long(self, redis: Redis) -> None:
        source, clock = Source(), Clock()
        values = make_values(redis, source, policy=WATCHED, clock=clock)
        await values.beat(ttl_s=60)
        await values.read("key", "scope")

        clock.now += 500

        assert (await values.read("key", "scope")).source == "cache"

    @pytest.mark.asyncio
    async def test_without_a_beat_values_are_read_again_soon(self, redis: Redis) -> None:
        source, clock = Source(), Clock()
        values = make_values(redis, source, policy=WATCHED, clock=clock)
        await values.read("key", "scope")

        clock.now += 30
        young = await values.read("key", "scope")
        clock.now += 1
        old = await values.read("key", "scope")

        assert (young.source, old.source) == ("cache", "source")

    @pytest.mark.asyncio
    async def test_without_beat_and_source_values_are_shown_as_stale(self, redis: Redis) -> None:
        source, clock = Source(), Clock()
        values = make_values(redis, source, policy=WATCHED, clock=clock)
        await values.read("key", "scope")
        clock.now += 31
        source.is_down = True

        assert (await values.read("key", "scope")).stale

    @pytest.mark.asyncio
    async def test_a_beat_ends_by_itself(self, redis: Redis) -> None:
        await make_values(redis, Source()).beat(ttl_s=12.5)

        assert 12_000 < await redis.call("PTTL", "{test}:beat") <= 12_500


class TestMisplacedValue:
    @pytest.mark.asyncio
    async def test_is_not_shown_and_raises_an_alarm(self, redis: Redis) -> None:
        source = Source(b"one's")
        values = make_values(redis, source)
        await values.read("one", "scope")
        source.value = b"two's"
        await values.read("two", "scope")
        swapped = await redis.call("HGET", "test:e:{one}", "v:scope")
        await redis.call("HSET", "test:e:{two}", "v:scope", swapped)

        with capture_logs() as lines:
            reading = await values.read("two", "scope")

        assert (reading.value, reading.source) == (b"two's", "source")
        assert ("error", "cache_entry_misplaced") in [(line["log_level"], line["event"]) for line in lines]
        assert (await values.read("two", "scope")).source == "cache"

    @pytest.mark.asyncio
    async def test_of_another_scope_is_not_shown(self, redis: Redis) -> None:
        source = Source(b"north's")
        values = make_values(redis, source)
        await values.read("key", "north")
        norths = await redis.call("HGET", "test:e:{key}", "v:north")
        await redis.call("HSET", "test:e:{key}", "v:south", norths)
        source.value = b"south's"

        with capture_logs() as lines:
            reading = await values.read("key", "south")

        assert reading.value == b"south's"
        assert [line["log_level"] for line in lines if line["event"] == "cache_entry_misplaced"]

    @pytest.mark.asyncio
    async def test_unreadable_bytes_are_replaced(self, redis: Redis) -> None:
        values = make_values(redis, Source(b"value"))
        await values.read("key", "scope")
        await redis.call("HSET", "test:e:{key}", "v:scope", b"\xff\x00junk")

        with capture_logs() as lines:
            reading = await values.read("key", "scope")

        assert reading.value == b"value"
        assert "cache_entry_unreadable" in [line["event"] for line in lines]
        assert (await values.read("key", "scope")).source == "cache"
