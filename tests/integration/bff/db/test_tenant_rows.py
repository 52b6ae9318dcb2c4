"""A row in every tenant table, and who sees it: made from the catalogue, so that a new table is in."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from tests.fixtures.postgres import TestDatabase
from tests.integration.bff.db.test_catalogue import TENANT_TABLES

pytestmark = pytest.mark.asyncio

Connection = psycopg.AsyncConnection[Any]

SAMPLES = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "text": "x",
    "int4": 1,
    "int2": 1,
    "int8": 1,
    "float8": 1.0,
    "numeric": 1,
    "bool": False,
    "jsonb": "{}",
    "bytea": b"",
    "timestamptz": "2025-12-19T06:00:00Z",
    "date": "2025-12-19",
}
CHECKS = """
    SELECT c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'c' AND c.relname = ANY(%s)
"""
NEEDED = """
    SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
        AND NOT a.atthasdef AND a.attgenerated = '' AND a.attname <> 'org_id' ORDER BY a.attnum
"""
GLOBAL = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
    AND relname <> ALL(%s) ORDER BY relname
"""
KNOWN_GLOBAL = [
    "alembic_version",
    "migration_news",
    "orgs",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
    "users",
]


@pytest_asyncio.fixture
async def superuser(test_database: TestDatabase) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(
        test_database.superuser_url, autocommit=True
    ) as connection:
        yield connection


@pytest_asyncio.fixture
async def app(test_database: TestDatabase) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(test_database.url, autocommit=True) as connection:
        await connection.execute("SET ROLE portal_app")
        yield connection


async def list_tables(superuser: Connection) -> list[str]:
    return sorted(name for (name,) in await (await superuser.execute(TENANT_TABLES)).fetchall())


async def fill(superuser: Connection, tables: list[str], org: UUID) -> None:
    """Rows that need not make sense: without checks and, in this mode, without triggers and references."""
    for table, check in await (await superuser.execute(CHECKS, [tables])).fetchall():
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        await superuser.execute(drop.format(sql.Identifier(table), sql.Identifier(check)))
    await superuser.execute("SET session_replication_role = replica")
    for table in tables:
        needed = await (await superuser.execute(NEEDED, [table])).fetchall()
        names = ["org_id", *(name for name, _ in needed)]
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join([sql.Placeholder()] * len(names)),
        )
        await superuser.execute(insert, [org, *(SAMPLES[kind] for _, kind in needed)])


async def count(app: Connection, table: str, org: UUID | None) -> int:
    async with app.transaction():
        if org:
            await app.execute("SELECT set_config('app.org', %s, true)", [str(org)])
        asked = await app.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        [(rows,)] = await asked.fetchall()
    return int(rows)


async def touch(app: Connection, table: str) -> int:
    """How many rows one may change without an org; 0 also where the role may not change any."""
    try:
        changed = await app.execute(sql.SQL("UPDATE {} SET org_id = org_id").format(sql.Identifier(table)))
    except InsufficientPrivilege:
        return 0
    return changed.rowcount


class TestEveryTenantTable:
    async def test_shows_its_row_to_its_org_alone(self, superuser: Connection, app: Connection) -> None:
        tables, org = await list_tables(superuser), uuid4()
        await fill(superuser, tables, org)
        seen = {table: [await count(app, table, who) for who in (org, uuid4(), None)] for table in tables}

        assert {table: rows for table, rows in seen.items() if rows != [1, 0, 0]} == {}
        assert {table: await touch(app, table) for table in tables} == dict.fromkeys(tables, 0)
        assert len(tables) >= 12

    async def test_shows_it_to_everybody_once_row_level_security_is_off(
        self, superuser: Connection, app: Connection
    ) -> None:
        """What the test above would say of a table that somebody forgot to protect."""
        await fill(superuser, ["customers"], uuid4())
        await superuser.execute("ALTER TABLE customers DISABLE ROW LEVEL SECURITY")

        assert await count(app, "customers", None) == 1


class TestOtherTables:
    async def test_are_the_few_that_belong_to_no_org(self, superuser: Connection) -> None:
        """A table without an org is named here, or it is a tenant table that forgot it."""
        found = await (await superuser.execute(GLOBAL, [await list_tables(superuser)])).fetchall()

        assert [name for (name,) in found] == KNOWN_GLOBAL
