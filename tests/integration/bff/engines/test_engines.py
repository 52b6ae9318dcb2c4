"""The embedded engines as the tests themselves use them."""

import os
import signal
from collections.abc import Callable

import psycopg
import pytest
import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import text

from bff.db import Database
from bff.engines.postgres import OWNER, Postgres
from bff.engines.processes import is_running
from bff.engines.valkey import Valkey
from cache.connection import Redis

NO_RETRY = Retry(NoBackoff(), 0)


class TestPostgres:
    def test_gives_each_test_a_migrated_database(self, postgres_owner_url: str) -> None:
        with psycopg.connect(postgres_owner_url) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'orgs'").fetchone()

        assert tables == (1,)

    @pytest.mark.asyncio
    async def test_serves_the_application_as_a_role_that_cannot_bypass_row_security(
        self, database: Database
    ) -> None:
        async with database.orgless() as session:
            query = (
                "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname IN (current_user, session_user)"
            )
            bypassing = (await session.execute(text(query))).scalars().all()

        assert bypassing == [False, False]

    def test_keeps_its_data_when_its_server_is_killed(self, make_postgres: Callable[[], Postgres]) -> None:
        postgres = make_postgres()
        url = postgres.url(OWNER)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)

        postgres.start()

        assert postgres.url(OWNER) == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (1,)


class TestValkey:
    @pytest.mark.asyncio
    async def test_answers_with_a_password_only(self, redis: Redis, valkey_server: Valkey) -> None:
        assert await redis.call("PING") == b"PONG"
        stranger = redis_py.Redis(port=valkey_server.port, retry=NO_RETRY)
        with stranger, pytest.raises(redis_py.AuthenticationError):
            stranger.ping()

    def test_keeps_its_data_over_a_restart(self, make_valkey: Callable[[], Valkey]) -> None:
        valkey = make_valkey()
        with redis_py.Redis.from_url(valkey.url()) as connection:
            connection.set("kept", "yes")
        valkey.stop()

        valkey.start()

        with redis_py.Redis.from_url(valkey.url()) as connection:
            assert connection.get("kept") == b"yes"

    def test_ends_a_server_that_a_killed_run_left_behind(self, make_valkey: Callable[[], Valkey]) -> None:
        left = make_valkey()
        pid = left.pid
        assert pid is not None

        after = Valkey(left.folder)
        after.start()

        assert left.pid is None
        assert not is_running(pid)
        after.stop()
