import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from bff.engines.valkey import Valkey
from cache.broadcast import Broadcast, Listener, Notice
from cache.connection import Redis
from cache.errors import CacheUnavailable
from tests.integration.cache.conftest import Connect, wait_until

CHANGED, RESYNC = Notice("changed"), Notice("resync")

Open = Callable[[Redis, str], Awaitable[Broadcast]]


@pytest_asyncio.fixture
async def open_broadcast() -> AsyncIterator[Open]:
    opened: list[Broadcast] = []

    async def open_broadcast(redis: Redis, url: str) -> Broadcast:
        broadcast = Broadcast(redis, url, channel="notices")
        opened.append(broadcast)
        await broadcast.open()
        return broadcast

    yield open_broadcast
    for broadcast in opened:
        await broadcast.close()


async def hear(listener: Listener) -> Notice:
    async with asyncio.timeout(5):
        return await anext(listener)


class TestPublish:
    @pytest.mark.asyncio
    async def test_reaches_the_listeners_of_the_topic_in_every_process(
        self, redis: Redis, other_redis: Redis, redis_url: str, open_broadcast: Open
    ) -> None:
        here, there = await open_broadcast(redis, redis_url), await open_broadcast(other_redis, redis_url)
        async with here.listen("topic") as one, here.listen("topic") as two, there.listen("topic") as three:
            await here.publish(["topic"])

            assert [await hear(listener) for listener in (one, two, three)] == [CHANGED] * 3

    @pytest.mark.asyncio
    async def test_tells_others_nothing(self, redis: Redis, redis_url: str, open_broadcast: Open) -> None:
        broadcast = await open_broadcast(redis, redis_url)
        async with broadcast.listen("topic") as mine, broadcast.listen("other") as others:
            await broadcast.publish(["topic"])
            await hear(mine)

            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(others)

    @pytest.mark.asyncio
    async def test_many_topics_are_one_message(
        self, redis: Redis, redis_url: str, open_broadcast: Open
    ) -> None:
        broadcast = await open_broadcast(redis, redis_url)
        async with broadcast.listen("topic7") as listener, broadcast.listen("a", "b") as both:
            await broadcast.publish([f"topic{n}" for n in range(500)])
            await broadcast.publish(["b"])

            assert await hear(listener) == CHANGED
            assert await hear(both) == CHANGED

    @pytest.mark.asyncio
    async def test_of_nothing_sends_nothing(self, redis: Redis, redis_url: str, open_broadcast: Open) -> None:
        broadcast = await open_broadcast(redis, redis_url)
        await redis.call("CONFIG", "RESETSTAT")

        await broadcast.publish([])

        assert b"cmdstat_publish" not in await redis.call("INFO", "commandstats")

    @pytest.mark.asyncio
    async def test_what_others_send_on_the_channel_does_no_harm(
        self, redis: Redis, redis_url: str, open_broadcast: Open
    ) -> None:
        broadcast = await open_broadcast(redis, redis_url)
        async with broadcast.listen("topic") as listener:
            await redis.call("PUBLISH", "notices", b"\xff not ours")
            await broadcast.publish(["topic"])

            assert await hear(listener) == CHANGED


class TestListener:
    @pytest.mark.asyncio
    async def test_a_slow_one_holds_one_notice_for_any_number_of_changes(
        self, redis: Redis, redis_url: str, open_broadcast: Open
    ) -> None:
        broadcast = await open_broadcast(redis, redis_url)
        async with broadcast.listen("topic") as slow, broadcast.listen("last") as witness:
            for _ in range(1_000):
                await broadcast.publish(["topic"])
            await broadcast.publish(["last"])
            await hear(witness)

            assert await hear(slow) == CHANGED
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(slow)

    @pytest.mark.asyncio
    async def test_ends_when_the_broadcast_is_closed(
        self, redis: Redis, redis_url: str, open_broadcast: Open
    ) -> None:
        broadcast = await open_broadcast(redis, redis_url)
        async with broadcast.listen("topic") as listener:
            following = asyncio.create_task(anext(listener, None))
            await asyncio.sleep(0)

            await broadcast.close()

            assert await following is None
        async with broadcast.listen("topic") as late:
            assert [notice async for notice in late] == []

    @pytest.mark.asyncio
    async def test_leaves_nothing_behind(self, redis: Redis, redis_url: str, open_broadcast: Open) -> None:
        broadcast = await open_broadcast(redis, redis_url)

        for n in range(100):
            async with broadcast.listen(f"topic{n}"):
                pass

        assert broadcast.topics == frozenset()


class TestReconnection:
    @pytest.mark.asyncio
    async def test_tells_every_listener_to_look_again(
        self, valkey: Valkey, connect: Connect, open_broadcast: Open
    ) -> None:
        redis = await connect(valkey.url())
        broadcast = await open_broadcast(redis, valkey.url())
        async with broadcast.listen("one") as one, broadcast.listen("two") as two:
            valkey.stop()
            with pytest.raises(CacheUnavailable):
                await broadcast.publish(["one"])
            valkey.start()

            assert [await hear(listener) for listener in (one, two)] == [RESYNC] * 2

            await wait_until(lambda: redis.is_connected)
            await broadcast.publish(["one"])
            assert await hear(one) == CHANGED

    @pytest.mark.asyncio
    async def test_opens_without_a_server_and_hears_later(
        self, valkey: Valkey, connect: Connect, open_broadcast: Open
    ) -> None:
        valkey.stop()
        redis = await connect(valkey.url())
        broadcast = await open_broadcast(redis, valkey.url())
        async with broadcast.listen("topic") as listener:
            valkey.start()

            assert await hear(listener) == RESYNC
