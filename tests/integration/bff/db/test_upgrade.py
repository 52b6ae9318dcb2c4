import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine, text

from bff.db.database import driver_url
from bff.db.upgrade import make_config, upgrade
from bff.engines.postgres import OWNER
from tests.fixtures.postgres import PostgresServer


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without any tables."""
    name = "upgrade_from_nothing"
    with psycopg.connect(f"{postgres_server.superuser}postgres", autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        connection.execute(create)
    yield f"{postgres_server.owner}{name}"
    postgres_server.drop_database(name)


def read_one(url: str, query: str) -> Any:
    engine = create_engine(driver_url(url))
    with engine.connect() as connection:
        found = connection.execute(text(query)).scalar_one()
    engine.dispose()
    return found


class TestUpgrade:
    def test_brings_an_empty_database_to_the_newest_schema(self, empty_url: str) -> None:
        upgrade(empty_url)

        newest = ScriptDirectory.from_config(make_config()).get_current_head()
        assert read_one(empty_url, "SELECT version_num FROM alembic_version") == newest

    def test_may_be_repeated(self, empty_url: str) -> None:
        upgrade(empty_url)
        upgrade(empty_url)

        assert read_one(empty_url, "SELECT count(*) FROM orgs") == 0

    @pytest.mark.asyncio
    async def test_lets_three_upgraders_take_turns(self, empty_url: str) -> None:
        await asyncio.gather(*(asyncio.to_thread(upgrade, empty_url) for _ in range(3)))

        assert read_one(empty_url, "SELECT count(*) FROM alembic_version") == 1

    def test_has_one_line_of_revisions(self) -> None:
        assert len(ScriptDirectory.from_config(make_config()).get_heads()) == 1
