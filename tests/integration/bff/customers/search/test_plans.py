"""That the indexes serve the searches of the application's own role: a plan that compares behind the policy reads the
whole org instead.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.customers.search.statements import EMAIL_SEARCHES, ENDING, EXACT, LAST4, LINK_SEARCHES, NAME_SEARCHES
from bff.db import Database
from tests.fixtures.postgres import TestDatabase

pytestmark = pytest.mark.asyncio

RANK = {"is_verified": True, "at": "2026-01-05T12:00:00+00:00", "id": str(uuid4())}
PHONE, DIGITS = {"phone": "+819012345678"}, {"digits": "5678"}
REVERSED = {"reversed": "876543", "reversed_end": "876543:"}
NAME = {"word": "sato", "word_end": "sato\U0010ffff", "others": ["ha"], "other_ends": ["ha\U0010ffff"]}
NAME_PLACE = {"after_word": "satoa", "after_id": str(uuid4())}
EMAIL = {"email": "hana@home.example"}


ORG_ID = uuid4()
# As a superuser, whom row-level security lets through; without statistics any index looks as good as another.
FILL = f"""
INSERT INTO orgs (id, slug, name, region, locale) VALUES ('{ORG_ID}', 'plans', 'Plans', 'JP', 'en');
INSERT INTO customers (org_id, id, kind, number, first_name, last_name, email)
SELECT '{ORG_ID}', md5(n::text)::uuid, 'stub', n, 'Hana' || n % 50, 'Sato' || n, n || '@home.example'
FROM generate_series(1, 2000) AS n;
INSERT INTO phone_links (org_id, id, customer_id, phone, source, first_seen_at, last_seen_at)
SELECT '{ORG_ID}', md5(n::text)::uuid, md5(n::text)::uuid, '+8190' || 10000000 + n * 7919, 'order', now(), now()
FROM generate_series(1, 2000) AS n;
ANALYZE customers, customer_names, phone_links;
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(module_database: TestDatabase) -> TestDatabase:
    async with await psycopg.AsyncConnection.connect(
        module_database.superuser_url, autocommit=True
    ) as connection:
        await connection.execute(FILL.encode())
    return module_database


@pytest_asyncio.fixture
async def session(filled: TestDatabase) -> AsyncIterator[AsyncSession]:
    database = Database(filled.settings)
    async with database.transaction(ORG_ID) as session:
        # A few pages are read whole whatever indexes there are.
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        yield session
    await database.close()


async def explain(session: AsyncSession, statement: TextClause, values: Any) -> dict[str, str]:
    """The condition that each index was read with."""
    plan = text(f"EXPLAIN (FORMAT JSON) {statement}")
    found = (await session.execute(plan, {"org": ORG_ID, "limit": 21, **values})).scalar_one()
    [root] = found if isinstance(found, list) else json.loads(found)
    scans = list(walk(root["Plan"]))
    assert not [scan for scan in scans if scan["Node Type"] == "Seq Scan"]
    return {scan["Alias"]: scan["Index Cond"] for scan in scans if "Index Cond" in scan}


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


class TestIndexes:
    @pytest.mark.parametrize(
        ("statement", "values", "alias", "columns"),
        [
            (LINK_SEARCHES[EXACT, False], PHONE, "hit", ["phone ="]),
            (LINK_SEARCHES[EXACT, True], PHONE | RANK, "hit", ["phone =", "ROW(is_verified"]),
            (LINK_SEARCHES[LAST4, False], DIGITS, "hit", ["last4 ="]),
            (LINK_SEARCHES[LAST4, True], DIGITS | RANK, "hit", ["last4 =", "ROW(is_verified"]),
            (LINK_SEARCHES[ENDING, False], REVERSED, "hit", ["reversed >=", "reversed <"]),
            (LINK_SEARCHES[ENDING, True], REVERSED | RANK, "hit", ["reversed >=", "reversed <"]),
            (NAME_SEARCHES[False], NAME, "hit", ["word >=", "word <"]),
            (NAME_SEARCHES[True], NAME | NAME_PLACE, "hit", ["word >=", "ROW(word"]),
            (EMAIL_SEARCHES[False], EMAIL, "customers", ["email ="]),
        ],
    )
    async def test_are_read_by_what_is_searched_for(
        self, session: AsyncSession, statement: TextClause, values: Any, alias: str, columns: list[str]
    ) -> None:
        condition = (await explain(session, statement, values))[alias]

        plain = condition.replace("(hit.", "(").replace("::text", "")
        assert "org_id = " in plain
        assert [
            column for column in columns if column not in plain.replace("(", "").replace("ROW", "ROW(")
        ] == []

    async def test_would_not_serve_a_pattern(self, session: AsyncSession) -> None:
        """Why there are ranges: LIKE is not leakproof, so it is asked of every row of the org."""
        pattern = text(
            "SELECT id FROM phone_links AS hit WHERE org_id = :org AND is_live AND reversed LIKE :reversed"
        )
        condition = await explain(session, pattern, {"reversed": "876543%"})

        assert "reversed" not in "".join(condition.values())
