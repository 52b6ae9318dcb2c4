"""The engine and the transaction. The org is set inside each transaction, so a pooled connection forgets it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import event, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bff.errors import ServiceUnavailable
from bff.settings import DatabaseSettings

SET_ORG = text("SELECT set_config('app.org', :org, true)")


class DatabaseUnavailable(ServiceUnavailable):
    """PostgreSQL did not answer, answered too late, or ended the transaction for another one's sake.

    After a lost commit the outcome is unknown: repeat with the same Idempotency-Key.
    """


def driver_url(url: str) -> str:
    """The same database for SQLAlchemy's psycopg dialect, whatever common spelling was given."""
    for scheme in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    raise ValueError("a PostgreSQL URL starts with postgresql://")


def libpq_url(url: str) -> str:
    """The same database as libpq (and so the job queue) spells it."""
    return "postgresql://" + driver_url(url).removeprefix("postgresql+psycopg://")


def encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Database:
    """Connections that have given up their login's rights for those of `portal_app`."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.engine: AsyncEngine = create_async_engine(
            driver_url(settings.url),
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_timeout=settings.pool_timeout_s,
            pool_pre_ping=True,
            connect_args={"connect_timeout": settings.connect_timeout_s, "application_name": "portal-bff"},
            json_serializer=encode_json,
            json_deserializer=msgspec.json.decode,
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        event.listen(self.engine.sync_engine, "connect", _Connected(settings))

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self, org_id: UUID) -> AsyncIterator[AsyncSession]:
        """One transaction that sees and writes rows of this org alone; commits at exit, rolls back on any exception.

        Raises:
            DatabaseUnavailable: see there.
        """
        async with self.orgless() as session:
            await session.execute(SET_ORG, {"org": str(org_id)})
            yield session

    @asynccontextmanager
    async def orgless(self) -> AsyncIterator[AsyncSession]:
        """A transaction for the tables that belong to no org (orgs, users); every tenant table looks empty in it."""
        try:
            async with self._sessions() as session, session.begin():
                yield session
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise DatabaseUnavailable(retry_after_s=2) from error


class _Connected:
    """Runs once per new connection, before anybody uses it."""

    def __init__(self, settings: DatabaseSettings) -> None:
        timeout_ms = int(settings.statement_timeout_s * 1000)
        self._statements = (
            "SET ROLE portal_app",
            f"SET statement_timeout = {timeout_ms}",
            f"SET idle_in_transaction_session_timeout = {timeout_ms * 6}",
            "SET TIME ZONE 'UTC'",
        )

    def __call__(self, connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for statement in self._statements:
            cursor.execute(statement)
        cursor.close()
        # What a transaction SET is undone by its rollback, and the pool rolls back.
        connection.commit()
