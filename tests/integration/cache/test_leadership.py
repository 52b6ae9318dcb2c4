import asyncio

import pytest

from cache.connection import Redis
from cache.leadership import Leadership


class TestLeadership:
    @pytest.mark.asyncio
    async def test_has_one_leader_among_many_candidates(self, redis: Redis, other_redis: Redis) -> None:
        candidates = [
            Leadership(connection, "feed") for connection in (redis, other_redis) for _ in range(50)
        ]

        terms = await asyncio.gather(*(candidate.acquire() for candidate in candidates))

        assert len([term for term in terms if term is not None]) == 1

    @pytest.mark.asyncio
    async def test_numbers_grow_from_term_to_term(self, redis: Redis) -> None:
        leadership = Leadership(redis, "feed")
        numbers = []
        for _ in range(200):
            term = await leadership.acquire()
            assert term is not None
            numbers.append(term.fencing)
            await leadership.release(term)

        assert numbers == sorted(set(numbers))

    @pytest.mark.asyncio
    async def test_numbers_grow_even_when_redis_forgets_the_last(self, redis: Redis) -> None:
        leadership = Leadership(redis, "feed")
        before = await leadership.acquire()

        await redis.call("FLUSHALL")
        after = await leadership.acquire()

        assert before is not None
        assert after is not None
        assert after.fencing > before.fencing

    @pytest.mark.asyncio
    async def test_a_term_that_is_not_renewed_ends(self, redis: Redis, other_redis: Redis) -> None:
        former = Leadership(redis, "feed", ttl_s=0.05)
        old = await former.acquire()
        assert old is not None

        successor = Leadership(other_redis, "feed")
        while (new := await successor.acquire()) is None:  # noqa: ASYNC110  Redis tells nobody
            await asyncio.sleep(0.01)

        assert new.fencing > old.fencing
        assert not await former.renew(old)

    @pytest.mark.asyncio
    async def test_renewal_gives_the_whole_time_again(self, redis: Redis) -> None:
        leadership = Leadership(redis, "feed", ttl_s=10)
        term = await leadership.acquire()
        assert term is not None
        await redis.call("PEXPIRE", leadership.key, 1_000)

        assert await leadership.renew(term)
        assert await redis.call("PTTL", leadership.key) > 9_000

    @pytest.mark.asyncio
    async def test_a_former_leader_cannot_end_the_term_of_the_next(self, redis: Redis) -> None:
        leadership = Leadership(redis, "feed")
        old = await leadership.acquire()
        assert old is not None
        await leadership.release(old)
        new = await leadership.acquire()
        assert new is not None

        await leadership.release(old)

        assert await leadership.renew(new)
        assert await redis.call("GET", leadership.key) == new.token.encode()

    @pytest.mark.asyncio
    async def test_names_do_not_meet(self, redis: Redis) -> None:
        terms = [await Leadership(redis, name).acquire() for name in ("feed", "sweeper")]

        assert None not in terms
