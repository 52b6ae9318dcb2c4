"""Numbers of customers: 1 to N in each org, whatever is rolled back, and whoever inserts."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
import pytest_asyncio
from alembic import command
from psycopg import sql
from sqlalchemy import create_engine, text

from bff.db import Database
from bff.db.database import driver_url
from bff.db.upgrade import make_config, upgrade
from bff.engines.postgres import OWNER
from tests.fixtures.postgres import PostgresServer, TestDatabase

ADD_ORG = text("INSERT INTO orgs VALUES (:id, :slug, 'Org', 'JP', 'en')")
ADD = text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :id, 'guest') RETURNING number")
ADD_ONCE = text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :id, 'guest') ON CONFLICT DO NOTHING")
LIST = text("SELECT number FROM customers ORDER BY number")

AT_ONCE = 10


class RolledBack(Exception):
    pass


@pytest_asyncio.fixture
async def wide(test_database: TestDatabase) -> AsyncIterator[Database]:
    opened = Database(msgspec.structs.replace(test_database.settings, pool_size=AT_ONCE, pool_timeout_s=30))
    yield opened
    await opened.close()


async def put_org(database: Database) -> UUID:
    org = uuid4()
    async with database.orgless() as session:
        await session.execute(ADD_ORG, {"id": org, "slug": f"o{org.hex}"})
    return org


async def list_numbers(database: Database, org: UUID) -> list[int]:
    async with database.transaction(org) as session:
        return list((await session.execute(LIST)).scalars())


async def add(database: Database, org: UUID, *, fails: bool = False) -> None:
    with contextlib.suppress(RolledBack):
        async with database.transaction(org) as session:
            await session.execute(ADD, {"org": org, "id": uuid4()})
            if fails:
                raise RolledBack


@pytest.mark.asyncio
class TestNumbers:
    async def test_have_no_gap_and_no_double_with_200_at_once_and_three_in_ten_rolled_back(
        self, wide: Database
    ) -> None:
        org, dice = await put_org(wide), random.Random(30)
        fates = [True] * 60 + [False] * 140
        dice.shuffle(fates)
        await asyncio.gather(*(add(wide, org, fails=fails) for fails in fates))

        assert await list_numbers(wide, org) == list(range(1, 141))

    async def test_of_a_sequence_would_have_gaps(self, wide: Database) -> None:
        """What the counter is for: a number that is drawn outside the transaction is lost with it."""
        org = await put_org(wide)
        drawn = iter(range(1, 1000))
        insert = text("INSERT INTO customers (org_id, id, kind, number) VALUES (:org, :id, 'guest', :number)")
        for fails in (False, True, False):
            with contextlib.suppress(RolledBack):
                async with wide.transaction(org) as session:
                    await session.execute(insert, {"org": org, "id": uuid4(), "number": next(drawn)})
                    if fails:
                        raise RolledBack

        assert await list_numbers(wide, org) == [1, 3]

    async def test_of_two_orgs_do_not_wait_for_each_other(self, wide: Database) -> None:
        one, other = await put_org(wide), await put_org(wide)
        async with wide.transaction(one) as session:
            await session.execute(ADD, {"org": one, "id": uuid4()})
            async with asyncio.timeout(5):
                await add(wide, other)

        assert (await list_numbers(wide, one), await list_numbers(wide, other)) == ([1], [1])

    async def test_are_not_spent_on_a_row_that_is_there_already(self, wide: Database) -> None:
        """As the demo's seed inserts at each start; and as two of them do at once."""
        org, same = await put_org(wide), uuid4()

        async def seed() -> None:
            async with wide.transaction(org) as session:
                await session.execute(ADD_ONCE, {"org": org, "id": same})

        await asyncio.gather(*(seed() for _ in range(AT_ONCE)))
        await add(wide, org)

        assert await list_numbers(wide, org) == [1, 2]

    async def test_cannot_be_given_twice(self, wide: Database) -> None:
        org = await put_org(wide)
        await add(wide, org)
        insert = text("INSERT INTO customers (org_id, id, kind, number) VALUES (:org, :id, 'guest', 1)")
        with pytest.raises(Exception, match="customers_org_id_number_key"):
            async with wide.transaction(org) as session:
                await session.execute(insert, {"org": org, "id": uuid4()})


class TestUpgrade:
    def test_numbers_those_who_are_there_by_age(self, postgres_server: PostgresServer) -> None:
        name = "numbered_afterwards"
        with psycopg.connect(f"{postgres_server.superuser}postgres", autocommit=True) as connection:
            create = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(OWNER)))
        try:
            put_old_rows(f"{postgres_server.owner}{name}", f"{postgres_server.superuser}{name}")
            upgrade(f"{postgres_server.owner}{name}")
            with psycopg.connect(f"{postgres_server.superuser}{name}") as connection:
                numbers = connection.execute("SELECT first_name, number FROM customers ORDER BY 1").fetchall()
                last = connection.execute("SELECT last FROM customer_counters ORDER BY 1").fetchall()
        finally:
            postgres_server.drop_database(name)

        assert numbers == [("first", 1), ("other org", 1), ("second", 2), ("third", 3)]
        assert last == [(1,), (3,)]


def put_old_rows(owner_url: str, superuser_url: str) -> None:
    """At the revision before numbers; as a superuser, whom row-level security lets through."""
    engine = create_engine(driver_url(owner_url))
    with engine.connect() as connection:
        command.upgrade(make_config(connection), "0003")
        connection.commit()
    engine.dispose()
    one, other = uuid4(), uuid4()
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for org in (one, other):
            connection.execute("INSERT INTO orgs VALUES (%s, %s, 'Org', 'JP', 'en')", [org, f"o{org.hex}"])
        insert = (
            "INSERT INTO customers (org_id, id, kind, first_name, created_at)"
            " VALUES (%s, gen_random_uuid(), 'stub', %s, now() - make_interval(days => %s))"
        )
        for org, first_name, days in (
            (one, "second", 2),
            (one, "third", 1),
            (one, "first", 3),
            (other, "other org", 1),
        ):
            connection.execute(insert, [org, first_name, days])
