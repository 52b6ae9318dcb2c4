import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bff.engines.valkey import Valkey
from cache.connection import Redis
from cache.errors import CacheError, CacheUnavailable
from cache.scripts import make_script
from cache.wire import MAX_IN_FLIGHT
from tests.integration.cache.certificate import make_server_context
from tests.integration.cache.conftest import Connect, Freezer, wait_until
from tests.integration.cache.proxy import Proxy, open_proxy, open_unix_proxy

AT_ONCE_S = 0.02


async def time_refusal(redis: Redis) -> float:
    began = time.perf_counter()
    with pytest.raises(CacheUnavailable):
        await redis.call("PING")
    return time.perf_counter() - began


class TestPipelining:
    @pytest.mark.asyncio
    async def test_sends_the_commands_of_one_tick_in_one_write(
        self, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        redis = await connect(proxy_url)
        proxy.chunks.clear()

        await asyncio.gather(*(redis.call("GET", f"key{n}") for n in range(64)))

        assert len(proxy.chunks) == 1

    @pytest.mark.asyncio
    async def test_hands_each_caller_its_own_reply(self, redis: Redis) -> None:
        await asyncio.gather(*(redis.call("SET", f"key{n}", n) for n in range(1_000)))

        replies = await asyncio.gather(*(redis.call("GET", f"key{n}") for n in range(1_000)))

        assert replies == [b"%d" % n for n in range(1_000)]

    @pytest.mark.asyncio
    async def test_a_caller_who_leaves_takes_nobody_elses_reply(self, redis: Redis) -> None:
        await redis.call("SET", "mine", "right")
        leaver = asyncio.create_task(redis.call("ECHO", "wrong"))
        await asyncio.sleep(0)

        leaver.cancel()

        assert await redis.call("GET", "mine") == b"right"

    @pytest.mark.asyncio
    async def test_shares_one_read_among_the_callers_of_a_tick(
        self, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        redis = await connect(proxy_url)
        await redis.call("SET", "state", "on")
        proxy.chunks.clear()

        async def look(n: int) -> bytes:
            state = redis.start_shared("GET", "state")
            await redis.start("GET", f"key{n}")
            answer = state.result()
            assert isinstance(answer, bytes)
            return answer

        assert await asyncio.gather(*(look(n) for n in range(10))) == [b"on"] * 10
        assert b"".join(proxy.chunks).count(b"state") == 1

    @pytest.mark.asyncio
    async def test_refuses_more_commands_than_may_wait(self, redis: Redis) -> None:
        waiting = [redis.start("PING") for _ in range(MAX_IN_FLIGHT)]

        with pytest.raises(CacheUnavailable, match="too many"):
            redis.start("PING")

        assert set(await asyncio.gather(*waiting)) == {b"PONG"}


class TestRefusals:
    @pytest.mark.asyncio
    async def test_tells_what_the_server_says(self, redis: Redis) -> None:
        with pytest.raises(CacheError, match="WRONGTYPE"):
            await asyncio.gather(redis.call("SET", "text", "a"), redis.call("LPUSH", "text", "b"))

        assert await redis.call("GET", "text") == b"a"

    @pytest.mark.asyncio
    async def test_reloads_a_script_that_the_server_forgot(self, redis: Redis) -> None:
        script = make_script("return {KEYS[1], ARGV[1]}")
        await redis.run(script, ["key"], ["argument"])
        await redis.call("SCRIPT", "FLUSH")

        assert await redis.run(script, ["key"], ["argument"]) == [b"key", b"argument"]

    @pytest.mark.asyncio
    async def test_a_wrong_password_is_told_without_the_password(
        self, redis_url: str, connect: Connect
    ) -> None:
        user, _, place = redis_url.rpartition("@")
        assert user
        with capture_logs() as lines:
            redis = await connect(f"redis://:opensesame@{place}")

            await time_refusal(redis)

        assert "WRONGPASS" in str(lines)
        assert "opensesame" not in str(lines)

    @pytest.mark.asyncio
    async def test_a_replica_is_not_taken_for_the_primary(self, valkey: Valkey, connect: Connect) -> None:
        redis = await connect(valkey.url())

        await redis.call("REPLICAOF", "127.0.0.1", valkey.port)

        with pytest.raises(CacheUnavailable):
            await redis.call("SET", "key", "value")
        await wait_until(lambda: not redis.is_connected)


class TestAddresses:
    @pytest.mark.asyncio
    async def test_selects_the_database_of_the_url(
        self, redis: Redis, redis_url: str, connect: Connect
    ) -> None:
        other = await connect(redis_url.removesuffix("/0") + "/3")
        await other.call("SET", "key", "three")

        assert await redis.call("GET", "key") is None
        assert await other.call("GET", "key") == b"three"

    @pytest.mark.asyncio
    async def test_connects_through_a_unix_socket(
        self, tmp_path: Path, redis_url: str, valkey_server: Valkey, connect: Connect
    ) -> None:
        path = tmp_path / "s"
        user = redis_url.removeprefix("redis://").partition("@")[0]
        async with open_unix_proxy(valkey_server.port, path):
            redis = await connect(f"unix://{user}@{path}?db=2")

            assert await redis.call("PING") == b"PONG"

    @pytest.mark.asyncio
    async def test_encrypts_and_checks_the_certificate(
        self, tmp_path: Path, redis_url: str, valkey_server: Valkey, connect: Connect
    ) -> None:
        context, trusted = make_server_context(tmp_path)
        user = redis_url.removeprefix("redis://").partition("@")[0]
        async with open_proxy(valkey_server.port, tls=context) as proxy:
            trusting = await connect(f"rediss://{user}@127.0.0.1:{proxy.port}/0?ssl_ca_certs={trusted}")
            distrustful = await connect(f"rediss://{user}@127.0.0.1:{proxy.port}/0")

            assert await trusting.call("PING") == b"PONG"
            assert not distrustful.is_connected


class TestAway:
    @pytest.mark.asyncio
    async def test_opens_without_a_server_and_finds_it_later(self, valkey: Valkey, connect: Connect) -> None:
        valkey.stop()
        redis = await connect(valkey.url())
        assert await time_refusal(redis) < AT_ONCE_S
        assert redis.generation == 0

        valkey.start()
        await wait_until(lambda: redis.is_connected)

        assert await redis.call("PING") == b"PONG"
        assert redis.generation == 1

    @pytest.mark.asyncio
    async def test_fails_at_once_while_the_server_is_gone(self, valkey: Valkey, connect: Connect) -> None:
        redis = await connect(valkey.url())
        valkey.stop()
        await wait_until(lambda: not redis.is_connected)

        assert statistics.median([await time_refusal(redis) for _ in range(50)]) < AT_ONCE_S

    @pytest.mark.asyncio
    async def test_counts_connections_and_tells_a_new_history(
        self, make_valkey: Callable[[], Valkey], connect: Connect
    ) -> None:
        valkey = make_valkey()
        redis = await connect(valkey.url())
        history, generation = await redis.replication_id(), redis.generation

        valkey.stop()
        valkey.start()
        await wait_until(lambda: redis.is_connected and redis.generation > generation)

        assert await redis.replication_id() != history

    @pytest.mark.asyncio
    async def test_fails_what_waits_when_the_connection_breaks(
        self, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        redis = await connect(proxy_url)
        proxy.hold()
        waiting = [asyncio.create_task(redis.call("PING")) for _ in range(10)]
        await wait_until(lambda: proxy.replies_held > 0)

        proxy.cut()

        failures = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(failure) for failure in failures} == {CacheUnavailable}

    @pytest.mark.asyncio
    async def test_close_ends_calls_in_flight(self, connect: Connect, proxy: Proxy, proxy_url: str) -> None:
        redis = await connect(proxy_url)
        proxy.hold()
        call = asyncio.create_task(redis.call("PING"))
        await wait_until(lambda: proxy.replies_held > 0)

        await redis.close()

        with pytest.raises(CacheUnavailable):
            await call
        assert await time_refusal(redis) < AT_ONCE_S


class TestTimeouts:
    @pytest.mark.asyncio
    async def test_a_black_hole_costs_one_timeout_for_all(
        self, valkey: Valkey, freezer: Freezer, connect: Connect
    ) -> None:
        redis = await connect(valkey.url(), timeout_s=0.3)
        freezer.freeze()

        began = time.perf_counter()
        failures = await asyncio.gather(*(redis.call("PING") for _ in range(100)), return_exceptions=True)

        assert {type(failure) for failure in failures} == {CacheUnavailable}
        assert time.perf_counter() - began < 1.0
        assert statistics.median([await time_refusal(redis) for _ in range(50)]) < AT_ONCE_S

    @pytest.mark.asyncio
    async def test_a_server_that_answers_again_is_used_again(
        self, valkey: Valkey, freezer: Freezer, connect: Connect
    ) -> None:
        redis = await connect(valkey.url(), timeout_s=0.3)
        freezer.freeze()
        await time_refusal(redis)

        freezer.thaw()
        await wait_until(lambda: redis.is_connected)

        assert await redis.call("ECHO", "back") == b"back"

    @pytest.mark.asyncio
    async def test_a_server_that_is_always_too_slow_counts_as_away(
        self, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        redis = await connect(proxy_url, timeout_s=0.2)
        proxy.delay_s = 5.0

        await time_refusal(redis)

        assert statistics.median([await time_refusal(redis) for _ in range(50)]) < AT_ONCE_S

    @pytest.mark.asyncio
    async def test_a_late_reply_is_not_taken_for_anothers(
        self, connect: Connect, proxy: Proxy, proxy_url: str
    ) -> None:
        redis = await connect(proxy_url, timeout_s=0.5)
        proxy.hold()
        first = asyncio.create_task(redis.call("ECHO", "first"))
        await wait_until(lambda: proxy.replies_held > 0)
        late = asyncio.create_task(redis.call("ECHO", "late"))
        await wait_until(lambda: b"late" in proxy.chunks[-1])
        # A reply that comes in time says that the connection lives and only the second command is late.
        proxy.release_one()
        assert await first == b"first"
        with pytest.raises(CacheUnavailable):
            await late

        proxy.release()

        assert await redis.call("ECHO", "next") == b"next"
        assert redis.generation == 1
