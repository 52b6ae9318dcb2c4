"""No schedule of reads, writes and change events leaves an old value in the cache or shows one too late.

COHERENCE_SCHEDULES sets how many schedules are tried (4,000, in the long form 20,000), COHERENCE_SEED tries that one
alone.
"""

import os
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest
import pytest_asyncio

from cache.connection import Redis
from cache.entries import LeaseScripts
from cache.scripts import make_script
from tests.integration.cache.conftest import PATIENT_S
from tests.integration.cache.schedules import Violation, run_schedules

SCRIPTS = LeaseScripts()
MUTANT_SCHEDULES = 4_000


@pytest_asyncio.fixture
async def connections(redis_url: str) -> AsyncIterator[list[Redis]]:
    """Two processes and the feed."""
    connections = [Redis.from_url(redis_url, timeout_s=PATIENT_S) for _ in range(3)]
    for connection in connections:
        await connection.open()
    yield connections
    for connection in connections:
        await connection.close()


def choose_seeds(count: int) -> Sequence[int]:
    if seed := os.environ.get("COHERENCE_SEED"):
        return [int(seed)]
    return range(int(os.environ.get("COHERENCE_SCHEDULES", count)))


def mutate(script: str, old: str, new: str) -> LeaseScripts:
    """The protocol without one of its defences."""
    text = getattr(SCRIPTS, script).text
    assert old in text
    return msgspec.structs.replace(SCRIPTS, **{script: make_script(text.replace(old, new))})


async def find_stale_entry(connections: Sequence[Redis], scripts: LeaseScripts) -> Violation | None:
    """The first entry that stays old under these scripts, however few schedules it takes."""
    for first in range(0, MUTANT_SCHEDULES, 500):
        violations = await run_schedules(range(first, first + 500), connections, scripts=scripts)
        for violation in violations:
            if violation.kind == "entry":
                return violation
    return None


class TestCoherence:
    @pytest.mark.asyncio
    @pytest.mark.timeout(600)
    @pytest.mark.parametrize("count", [4_000, pytest.param(20_000, marks=pytest.mark.soak)])
    async def test_no_schedule_leaves_or_shows_an_old_value(
        self, connections: list[Redis], count: int
    ) -> None:
        violations = await run_schedules(choose_seeds(count), connections)

        assert not violations, (
            f"{len(violations)} violations; try COHERENCE_SEED={violations[0].seed}: {violations[:5]}"
        )

    @pytest.mark.asyncio
    async def test_needs_the_lease_check(self, connections: list[Redis]) -> None:
        unchecked = mutate("fill", "if token ~= ARGV[2] then return 0 end", "")
        unleased = make_script(
            unchecked.fill.text.replace(
                "if not lease then return 0 end", "lease = lease or 'x 0 9999999999999'"
            )
        )

        scripts = msgspec.structs.replace(SCRIPTS, fill=unleased)

        assert await find_stale_entry(connections, scripts)

    @pytest.mark.asyncio
    async def test_needs_the_writers_mark(self, connections: list[Redis]) -> None:
        unmarked = mutate("mark", "redis.call('ZADD', KEYS[2], now_ms + ARGV[2], ARGV[1])", "")

        assert await find_stale_entry(connections, unmarked)

    @pytest.mark.asyncio
    async def test_needs_the_writer_to_revoke_leases(self, connections: list[Redis]) -> None:
        unrevoked = mutate("mark", "redis.call('UNLINK', KEYS[1])", "")

        assert await find_stale_entry(connections, unrevoked)

    @pytest.mark.asyncio
    async def test_needs_the_epoch_to_change(self, connections: list[Redis]) -> None:
        constant = mutate("epoch", "if old and ARGV[1] == 'keep'", "if old")

        assert await find_stale_entry(connections, constant)
