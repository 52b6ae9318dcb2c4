import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text

from bff.db import Database, DatabaseUnavailable
from tests.fixtures.postgres import TestDatabase

ADD_ORG = text("INSERT INTO orgs VALUES (:id, :slug, 'Org', 'JP', 'en')")
ADD_CUSTOMER = text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :id, 'stub')")
READ = text("SELECT org_id FROM customers")


async def put_orgs(database: Database, count: int) -> list[UUID]:
    orgs = [uuid4() for _ in range(count)]
    async with database.orgless() as session:
        for org in orgs:
            await session.execute(ADD_ORG, {"id": org, "slug": f"o{org.hex}"})
    for org in orgs:
        async with database.transaction(org) as session:
            await session.execute(ADD_CUSTOMER, {"org": org, "id": uuid4()})
    return orgs


async def read_orgs(database: Database, org: UUID) -> set[UUID]:
    async with database.transaction(org) as session:
        return set((await session.execute(READ)).scalars())


@pytest_asyncio.fixture
async def narrow(test_database: TestDatabase) -> AsyncIterator[Database]:
    """A pool of one: whatever one caller leaves behind, the next one meets."""
    opened = Database(
        msgspec.structs.replace(test_database.settings, pool_size=1, pool_overflow=0, pool_timeout_s=20)
    )
    yield opened
    await opened.close()


@pytest.mark.asyncio
class TestTransaction:
    async def test_commits_at_its_end(self, database: Database) -> None:
        (org,) = await put_orgs(database, 1)

        assert await read_orgs(database, org) == {org}

    async def test_rolls_back_what_ends_in_an_exception(self, database: Database) -> None:
        (org,) = await put_orgs(database, 1)
        with contextlib.suppress(ZeroDivisionError):
            async with database.transaction(org) as session:
                await session.execute(text("DELETE FROM customers"))
                raise ZeroDivisionError

        assert await read_orgs(database, org) == {org}

    async def test_shows_no_tenants_rows_without_an_org(self, database: Database) -> None:
        await put_orgs(database, 2)
        async with database.orgless() as session:
            assert list((await session.execute(READ)).scalars()) == []

    async def test_never_mixes_orgs_on_a_pool_of_one(self, narrow: Database) -> None:
        """With errors and cancellations in between, which leave connections in every state."""
        orgs, dice = await put_orgs(narrow, 4), random.Random(20)
        foreign = []

        async def visit(org: UUID, fate: float) -> None:
            with contextlib.suppress(ZeroDivisionError, TimeoutError):
                async with asyncio.timeout(0.001 if fate < 0.1 else None), narrow.transaction(org) as session:
                    seen = set((await session.execute(READ)).scalars())
                    foreign.extend(seen - {org})
                    if fate > 0.9:
                        raise ZeroDivisionError

        for _ in range(60):
            await asyncio.gather(*(visit(dice.choice(orgs), dice.random()) for _ in range(20)))

        assert foreign == []
        assert await read_orgs(narrow, orgs[0]) == {orgs[0]}


@pytest.mark.asyncio
class TestAway:
    async def test_says_so_at_once(self, test_database: TestDatabase) -> None:
        settings = msgspec.structs.replace(test_database.settings, url="postgresql://nobody@127.0.0.1:1/none")
        away = Database(settings)

        with pytest.raises(DatabaseUnavailable) as refusal:
            await read_orgs(away, uuid4())

        assert refusal.value.retry_after_s == 2

    async def test_counts_a_statement_that_takes_too_long(self, test_database: TestDatabase) -> None:
        hurried = Database(msgspec.structs.replace(test_database.settings, statement_timeout_s=0.05))

        with pytest.raises(DatabaseUnavailable):
            async with hurried.orgless() as session:
                await session.execute(text("SELECT pg_sleep(1)"))
        await hurried.close()

    async def test_recovers_from_connections_that_the_server_has_cut(self, database: Database) -> None:
        (org,) = await put_orgs(database, 1)
        async with database.orgless() as session:
            cut = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND usename = current_user"
            )
            with contextlib.suppress(DatabaseUnavailable):
                await session.execute(cut)

        assert await read_orgs(database, org) == {org}
