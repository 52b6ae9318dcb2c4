import asyncio

import pytest

from cache.gathering import MOST_TOPICS, Gathered, Gathering

pytestmark = pytest.mark.asyncio


async def hear(gathering: Gathering) -> Gathered:
    async with asyncio.timeout(1):
        return await anext(gathering)


class TestGathering:
    async def test_brings_what_was_said_since_together(self) -> None:
        gathering = Gathering("account:")
        for topic in ("account:1", "account:2", "account:1", "offer:1"):
            gathering.tell(topic)

        assert await hear(gathering) == Gathered(frozenset({"account:1", "account:2"}), everything=False)

    async def test_waits_for_the_next(self) -> None:
        gathering = Gathering("account:")
        waiting = asyncio.create_task(hear(gathering))
        await asyncio.sleep(0)
        gathering.tell("other")
        gathering.tell("account:1")

        assert (await waiting).topics == {"account:1"}

    async def test_says_that_it_may_have_missed_something(self) -> None:
        gathering = Gathering("account:")
        gathering.tell("account:1")
        gathering.miss()

        assert await hear(gathering) == Gathered(frozenset(), everything=True)

    async def test_keeps_no_more_than_it_can(self) -> None:
        gathering = Gathering("account:")
        for number in range(MOST_TOPICS + 1):
            gathering.tell(f"account:{number}")

        assert await hear(gathering) == Gathered(frozenset(), everything=True)

    async def test_tells_the_last_before_it_ends(self) -> None:
        gathering = Gathering("account:")
        gathering.tell("account:1")
        gathering.close()

        assert [gathered.topics async for gathered in gathering] == [{"account:1"}]
