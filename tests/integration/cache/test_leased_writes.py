"""Writes of our own: nobody who reads after one sees what was before it."""

import asyncio

import pytest

from cache.connection import Redis
from cache.leased import LeasedValues
from cache.policy import LeasePolicy
from tests.integration.cache.conftest import wait_until
from tests.integration.cache.sources import Source, make_values

MARKS = "test:d:{key}"


async def is_stored(values: LeasedValues) -> bool:
    """Whether a value stays after a read."""
    await values.read("key", "scope")
    return (await values.read("key", "scope")).source == "cache"


class TestWriting:
    @pytest.mark.asyncio
    async def test_is_seen_by_the_next_reader_in_any_process(self, redis: Redis, other_redis: Redis) -> None:
        source = Source(b"old")
        values, elsewhere = make_values(redis, source), make_values(other_redis, source)
        await elsewhere.read("key", "scope")

        async with values.writing("key"):
            source.value = b"new"

        assert (await elsewhere.read("key", "scope")).value == b"new"
        assert await is_stored(elsewhere)

    @pytest.mark.asyncio
    async def test_lets_nobody_store_while_it_lasts(self, redis: Redis, other_redis: Redis) -> None:
        source = Source()
        values, elsewhere = make_values(redis, source), make_values(other_redis, source)

        async with values.writing("key"):
            assert not await is_stored(values)
            assert not await is_stored(elsewhere)

        assert await is_stored(values)

    @pytest.mark.asyncio
    async def test_refuses_a_fill_that_began_before(self, redis: Redis) -> None:
        source = Source(b"old")
        source.hold()
        values = make_values(redis, source)
        early = asyncio.create_task(values.read("key", "scope"))
        await wait_until(lambda: source.loads == 1)

        async with values.writing("key"):
            source.value = b"new"
            source.release()
            assert (await early).value == b"old"

        assert (await values.read("key", "scope")).value == b"new"

    @pytest.mark.asyncio
    async def test_of_two_at_once_the_first_to_end_does_not_speak_for_the_other(
        self, redis: Redis, other_redis: Redis
    ) -> None:
        source = Source()
        values, elsewhere = make_values(redis, source), make_values(other_redis, source)

        async with values.writing("key"):
            async with elsewhere.writing("key"):
                pass
            assert not await is_stored(values)

        assert await is_stored(values)

    @pytest.mark.asyncio
    async def test_left_unknown_keeps_readers_at_the_source(self, redis: Redis) -> None:
        source = Source(b"old")
        values = make_values(redis, source)

        async with values.writing("key") as write:
            write.leave_unknown()
        first = await values.read("key", "scope")
        source.value = b"carried out after all"
        second = await values.read("key", "scope")

        assert (first.value, second.value) == (b"old", b"carried out after all")

    @pytest.mark.asyncio
    async def test_left_unknown_counts_from_the_end_of_the_block(self, redis: Redis) -> None:
        values = make_values(redis, Source(), policy=LeasePolicy(dirty_s=20, unwatched_ttl_s=None))

        async with values.writing("key") as write:
            await redis.call("DEL", MARKS)
            write.leave_unknown()

        assert 19_000 < await redis.call("PTTL", MARKS) <= 20_000

    @pytest.mark.asyncio
    async def test_left_by_an_exception_counts_as_unknown(self, redis: Redis) -> None:
        values = make_values(redis, Source())

        with pytest.raises(ConnectionResetError):
            async with values.writing("key"):
                raise ConnectionResetError

        assert not await is_stored(values)

    @pytest.mark.asyncio
    async def test_left_by_cancellation_counts_as_unknown(self, redis: Redis) -> None:
        values = make_values(redis, Source())
        has_begun = asyncio.Event()

        async def write_for_ever() -> None:
            async with values.writing("key"):
                has_begun.set()
                await asyncio.Event().wait()

        writing = asyncio.create_task(write_for_ever())
        await has_begun.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

        assert not await is_stored(values)

    @pytest.mark.asyncio
    async def test_settled_before_an_exception_counts_as_known(self, redis: Redis) -> None:
        values = make_values(redis, Source())

        async def be_refused() -> None:
            async with values.writing("key") as write:
                write.settle()
                raise PermissionError

        with pytest.raises(PermissionError):
            await be_refused()

        assert await is_stored(values)

    @pytest.mark.asyncio
    async def test_of_a_process_that_died_is_forgotten_in_time(self, redis: Redis) -> None:
        source = Source()
        values = make_values(redis, source, policy=LeasePolicy(dirty_s=0.2, unwatched_ttl_s=None))
        async with values.writing("key") as write:
            write.leave_unknown()
        assert not await is_stored(values)

        while await redis.call("EXISTS", MARKS):  # noqa: ASYNC110  Redis tells nobody
            await asyncio.sleep(0.02)

        assert await is_stored(values)

    @pytest.mark.asyncio
    async def test_many_readers_under_a_mark_take_turns_at_the_source(self, redis: Redis) -> None:
        source = Source()
        values = make_values(redis, source)

        async with values.writing("key"):
            await asyncio.gather(*(values.read("key", "scope") for _ in range(500)))

        assert source.most_in_flight == 1
        assert source.loads <= 3
