"""What the database itself says about its tables, so that a new tenant table cannot be left open."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from tests.fixtures.postgres import TestDatabase

TENANT_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE a.attname = 'org_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""
OPEN_TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
        (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid
            AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL AND p.polcmd = '*') AS policies
    FROM pg_class c WHERE c.relname = ANY(%s)
"""
LEAKY_KEYS = """
    SELECT c.relname, i.relname FROM pg_index x
    JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
    WHERE x.indisunique AND c.relname = ANY(%s) AND x.indkey[0] <> a.attnum
"""
LEAKY_REFERENCES = """
    SELECT k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
    WHERE k.contype = 'f' AND c.relname = ANY(%(tables)s) AND t.relname = ANY(%(tables)s) AND k.conkey[1] <> a.attnum
"""
VIEWS = "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
APP_ROLE = "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = 'portal_app'"
OWNED = "SELECT count(*) FROM pg_class WHERE relowner = 'portal_app'::regrole"

Connection = psycopg.AsyncConnection[Any]


@pytest_asyncio.fixture
async def owner(module_database: TestDatabase) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(
        module_database.superuser_url, autocommit=True
    ) as connection:
        yield connection


@pytest_asyncio.fixture
async def app(module_database: TestDatabase) -> AsyncIterator[Connection]:
    """The application's own role, outside the product's code."""
    async with await psycopg.AsyncConnection.connect(module_database.url, autocommit=True) as connection:
        await connection.execute("SET ROLE portal_app")
        yield connection


async def ask(connection: Connection, query: str, values: Any = None) -> list[Any]:
    return await (await connection.execute(query, values)).fetchall()  # type: ignore[call-overload, no-any-return]


async def list_tenant_tables(owner: Connection) -> list[str]:
    return sorted(name for (name,) in await ask(owner, TENANT_TABLES))


@pytest.mark.asyncio
class TestTenantTables:
    async def test_have_forced_row_level_security_and_a_policy_for_everything(
        self, owner: Connection
    ) -> None:
        tables = await list_tenant_tables(owner)
        found = await ask(owner, OPEN_TABLES, [tables])

        assert {"customers", "staff", "addresses", "audit", "idempotency_keys", "deliveries"} <= set(tables)
        assert [row for row in found if row[1:] != (True, True, 1)] == []

    async def test_have_the_org_first_in_every_unique_key(self, owner: Connection) -> None:
        assert await ask(owner, LEAKY_KEYS, [await list_tenant_tables(owner)]) == []

    async def test_refer_to_each_other_within_one_org_only(self, owner: Connection) -> None:
        assert await ask(owner, LEAKY_REFERENCES, {"tables": await list_tenant_tables(owner)}) == []

    async def test_are_not_seen_through_views(self, owner: Connection) -> None:
        """A view runs with its owner's rights; one that is needed says `security_invoker` and is named here."""
        assert await ask(owner, VIEWS) == []

    async def test_belong_to_another_role_than_the_applications(self, owner: Connection) -> None:
        assert await ask(owner, APP_ROLE) == [(False, False, False)]
        assert await ask(owner, OWNED) == [(0,)]


FORGOTTEN = """
    CREATE TABLE forgotten (org_id uuid NOT NULL, id uuid PRIMARY KEY, phone text, UNIQUE (phone, org_id));
    CREATE TABLE unforced (org_id uuid NOT NULL, id uuid, customer_id uuid, PRIMARY KEY (org_id, id),
        FOREIGN KEY (customer_id, org_id) REFERENCES customers (id, org_id));
    ALTER TABLE unforced ENABLE ROW LEVEL SECURITY;
    CREATE POLICY reading ON unforced FOR SELECT USING (true);
"""


@pytest.mark.asyncio
class TestForgottenDefences:
    async def test_are_named_by_the_questions_above(self, owner: Connection) -> None:
        """Tables as somebody in a hurry would make them; they vanish with the transaction."""
        async with owner.transaction(force_rollback=True):
            await owner.execute("ALTER TABLE customers ADD UNIQUE (id, org_id)")
            await owner.execute(FORGOTTEN)
            tables = await list_tenant_tables(owner)
            found = [row for row in await ask(owner, OPEN_TABLES, [tables]) if row[1:] != (True, True, 1)]
            keys = {index for _, index in await ask(owner, LEAKY_KEYS, [tables])}
            references = await ask(owner, LEAKY_REFERENCES, {"tables": tables})

        assert sorted(found) == [("forgotten", False, False, 0), ("unforced", True, False, 0)]
        assert keys == {"forgotten_pkey", "forgotten_phone_org_id_key", "customers_id_org_id_key"}
        assert len(references) == 1


@pytest.mark.asyncio
class TestApplicationRole:
    async def test_sees_nothing_without_an_org(self, owner: Connection, app: Connection) -> None:
        await put_an_org(owner, uuid4(), uuid4())

        for table in await list_tenant_tables(owner):
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            assert await (await app.execute(count)).fetchall() == [(0,)], table

    async def test_sees_nothing_after_a_transaction_that_had_one(
        self, owner: Connection, app: Connection
    ) -> None:
        org, customer = uuid4(), uuid4()
        await put_an_org(owner, org, customer)
        async with app.transaction():
            await app.execute("SELECT set_config('app.org', %s, true)", [str(org)])
            inside = await ask(app, "SELECT id FROM customers")

        assert inside == [(customer,)]
        assert await ask(app, "SELECT id FROM customers") == []

    async def test_cannot_write_into_another_org(self, owner: Connection, app: Connection) -> None:
        org, other, customer = uuid4(), uuid4(), uuid4()
        await put_an_org(owner, org, customer)
        await put_an_org(owner, other, uuid4())

        for statement in (
            "INSERT INTO customers (org_id, id, kind) VALUES (%(org)s, gen_random_uuid(), 'stub')",
            "UPDATE customers SET org_id = %(org)s",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await run_in(app, other, statement, {"org": org})

    async def test_neither_changes_nor_loses_what_it_did(self, app: Connection) -> None:
        for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await app.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "ALTER TABLE customers DISABLE ROW LEVEL SECURITY",
            "DROP POLICY org_isolation ON customers",
            "CREATE TABLE mine (id int)",
            "SET ROLE postgres",
        ],
    )
    async def test_cannot_open_the_door_itself(self, app: Connection, statement: str) -> None:
        with pytest.raises(psycopg.Error):
            await app.execute(statement)  # type: ignore[call-overload]


async def run_in(app: Connection, org: UUID, statement: str, values: Any) -> None:
    async with app.transaction():
        await app.execute("SELECT set_config('app.org', %s, true)", [str(org)])
        await app.execute(statement, values)  # type: ignore[call-overload]


async def put_an_org(owner: Connection, org: UUID, customer: UUID) -> None:
    """As a superuser, whom row-level security lets through."""
    slug = f"o{org.hex}"
    await owner.execute("INSERT INTO orgs VALUES (%s, %s, 'Org', 'JP', 'en')", [org, slug])
    await owner.execute("INSERT INTO customers (org_id, id, kind) VALUES (%s, %s, 'stub')", [org, customer])
    await owner.execute(
        "INSERT INTO audit (org_id, id, actor, action, subject) VALUES (%s, gen_random_uuid(), 'a', 'b', 'c')",
        [org],
    )
