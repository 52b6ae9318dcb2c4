"""Reading and writing the older portal's table."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bff.db import Database
from bff.db.database import driver_url
from bff.legacy.failures import LegacyMisfit, telling_failures
from bff.legacy.rows import WRITTEN, LegacyRow, LinkedCustomer, NewRow, RowStatus, make_row
from bff.legacy.statements import Statements
from bff.settings import LegacySettings

KEY_TYPE = text(
    "SELECT format_type(a.atttypid, NULL) AS type, pg_get_serial_sequence(:table, :column) AS sequence"
    " FROM pg_attribute a WHERE a.attrelid = CAST(:table AS regclass) AND a.attname = :column"
)
LINKS = {
    "customer": "SELECT id::text AS key, id, account_id FROM customers WHERE org_id = :org AND id::text = ANY(:keys)",
    "user": "SELECT user_id::text AS key, id, account_id FROM customers"
    " WHERE org_id = :org AND user_id::text = ANY(:keys)",
    "email": "SELECT email AS key, id, account_id FROM customers WHERE org_id = :org AND email = ANY(:keys)",
    "account": "SELECT account_id AS key, id, account_id FROM customers"
    " WHERE org_id = :org AND account_id = ANY(:keys)",
}
KEYS = {
    "customer": "SELECT id::text FROM customers WHERE org_id = :org AND account_id = ANY(:accounts)",
    "user": "SELECT user_id::text FROM customers WHERE org_id = :org AND account_id = ANY(:accounts)",
    "email": "SELECT email FROM customers WHERE org_id = :org AND account_id = ANY(:accounts)",
    "account": "SELECT account_id FROM customers WHERE org_id = :org AND account_id = ANY(:accounts)",
}


class LegacyTable:
    """One per process. Ids are text here, whatever they are there."""

    def __init__(self, database: Database, settings: LegacySettings) -> None:
        self.settings = settings
        self.is_ours = settings.url is None
        self._database = database
        self._engine: AsyncEngine | None = None
        self._sessions: async_sessionmaker[AsyncSession] | None = None
        self._statements = Statements(settings, is_ours=True, key_type="uuid") if self.is_ours else None
        self._sequence: str | None = None
        self._customer_is = "customer" if self.is_ours else settings.customer_is

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()

    def is_of(self, org_slug: str) -> bool:
        """Whether this org can have rows there at all."""
        return self.is_ours or self.settings.org == org_slug

    async def count(self, org_id: UUID) -> int:
        async with self._reading(org_id) as (session, statements):
            return int((await session.execute(statements.count(), {"org": org_id})).scalar_one())

    async def list_page(self, org_id: UUID, *, after: str | None, limit: int) -> list[LegacyRow]:
        """In the order of the ids."""
        async with self._reading(org_id) as (session, statements):
            values = {"org": org_id, "after": after, "limit": limit}
            return [self._make(row) for row in await session.execute(statements.page(), values)]

    async def list_of(self, org_id: UUID, customers: Sequence[str]) -> list[LegacyRow]:
        """All rows of these customers, each customer's in the order in which they were submitted."""
        async with self._reading(org_id) as (session, statements):
            values = {"org": org_id, "customers": list(customers)}
            rows = [self._make(row) for row in await session.execute(statements.of_customers(), values)]
        return sorted(rows, key=lambda row: (row.customer, *row.order))

    async def list_changed(self, org_id: UUID, *, since: datetime, after: str, limit: int) -> list[LegacyRow]:
        async with self._reading(org_id) as (session, statements):
            values = {"org": org_id, "since": since, "after": after, "limit": limit}
            return [self._make(row) for row in await session.execute(statements.changed(), values)]

    async def list_some(self, org_id: UUID, row_ids: Sequence[str]) -> list[LegacyRow]:
        """Those of these rows that are there, in the order of the ids."""
        async with self._reading(org_id) as (session, statements):
            values = {"org": org_id, "ids": list(row_ids)}
            return [self._make(row) for row in await session.execute(statements.some(), values)]

    async def find(self, org_id: UUID, row_id: str) -> LegacyRow | None:
        async with self._reading(org_id) as (session, statements):
            row = (await session.execute(statements.find(), {"org": org_id, "id": row_id})).one_or_none()
        return self._make(row) if row else None

    async def list_existing(self, org_id: UUID, row_ids: Sequence[str]) -> set[str]:
        """Which of these rows are there."""
        async with self._reading(org_id) as (session, statements):
            # An id of ours stands for a row that could not get one of theirs: no row has it.
            row_ids = [row_id for row_id in row_ids if self._sequence is None or row_id.isdecimal()]
            rows = await session.execute(statements.existing(), {"org": org_id, "ids": list(row_ids)})
            return set(rows.scalars())

    async def find_newest_of_account(self, org_id: UUID, account_id: str) -> LegacyRow | None:
        rows = await self.list_of_account(org_id, account_id)
        return rows[-1] if rows else None

    async def list_of_account(self, org_id: UUID, account_id: str) -> list[LegacyRow]:
        """In the order in which they were submitted."""
        if self._statements is not None and self.is_ours:
            # One round trip for every status that a customer looks at.
            async with self._database.transaction(org_id) as session:
                values = {"org": org_id, "account": account_id}
                return [
                    self._make(row) for row in await session.execute(self._statements.of_account(), values)
                ]
        async with self._database.transaction(org_id) as session:
            keys = await session.execute(
                text(KEYS[self._customer_is]), {"org": org_id, "accounts": [account_id]}
            )
            customers = [key for key in keys.scalars() if key]
        rows = await self.list_of(org_id, customers) if customers else []
        return sorted(rows, key=lambda row: row.order)

    async def read_content(self, org_id: UUID, row_id: str) -> bytes | None:
        """None when the row, or the file that it names, is not there."""
        async with self._reading(org_id) as (session, statements):
            row = (await session.execute(statements.content(), {"org": org_id, "id": row_id})).one_or_none()
        if row is None or row[0] is None:
            return None
        if self.settings.folder is None or self.is_ours:
            return bytes(row[0])
        return await asyncio.to_thread(self._read_file, str(row[0]))

    async def read_many(self, org_id: UUID, row_ids: Sequence[str]) -> dict[str, tuple[LegacyRow, bytes]]:
        """Rows with their bytes, by id, in one query; the caller sees to it that they fit into memory."""
        async with self._reading(org_id) as (session, statements):
            found = (
                await session.execute(statements.with_content(), {"org": org_id, "ids": list(row_ids)})
            ).all()
        return {each.id: (self._make(each), await self._get_content(each)) for each in found}

    async def _get_content(self, row: Row[Any]) -> bytes:
        if self.settings.folder is None or self.is_ours:
            return bytes(row.content or b"")
        return (await asyncio.to_thread(self._read_file, str(row.content)) if row.content else None) or b""

    async def find_customers(self, org_id: UUID, keys: Sequence[str]) -> dict[str, LinkedCustomer]:
        """By the table's own key for a customer; who is not known here is not in it."""
        async with self._database.transaction(org_id) as session:
            rows = await session.execute(
                text(LINKS[self._customer_is]), {"org": org_id, "keys": list(dict.fromkeys(keys))}
            )
            return {row.key: LinkedCustomer(customer_id=row.id, account_id=row.account_id) for row in rows}

    async def find_key(self, org_id: UUID, account_id: str) -> str | None:
        """The table's own key for the customer of this account."""
        async with self._database.transaction(org_id) as session:
            keys = await session.execute(
                text(KEYS[self._customer_is]), {"org": org_id, "accounts": [account_id]}
            )
            return next((str(key) for key in keys.scalars() if key), None)

    async def reserve_id(self, org_id: UUID) -> str:
        """The id of a row to come, so that its document has a name in Salesforce before the row exists."""
        async with self._reading(org_id) as (session, statements):
            if self._sequence is None:
                return str(uuid4())
            return str((await session.execute(statements.next_number(self._sequence))).scalar_one())

    async def choose_id(self, org_id: UUID, wanted: str) -> str:
        """The wanted id where a row there can have it, else one as `reserve_id` gives it."""
        async with self._reading(org_id):
            is_theirs = self._sequence is None or wanted.isdecimal()
        return wanted if is_theirs else await self.reserve_id(org_id)

    async def insert(self, session: AsyncSession | None, org_id: UUID, row: NewRow) -> None:
        """In the given transaction, which must be ours where the table is ours; else in one of its own.

        Safe to repeat. Raises LegacyUnavailable.
        """
        content: Any = row.content
        if self.settings.folder is not None and not self.is_ours:
            content = await asyncio.to_thread(self._write_file, row)
        values = {"org_id": org_id, "id": row.id, "customer_id": row.customer, "file_name": row.file_name}
        values |= {"content_type": row.content_type, "content": content, "submitted_at": row.submitted_at}
        values |= {"status": WRITTEN[RowStatus.SUBMITTED], "updated_at": datetime.now(UTC)}
        if session is not None and self._statements is not None:
            await session.execute(self._statements.insert(), values)
            return
        async with self._reading(org_id) as (own, statements):
            await own.execute(statements.insert(), values)

    async def decide(self, org_id: UUID, row: LegacyRow, decided: LegacyRow) -> bool:
        """Write the status, times and words of `decided`, unless somebody changed the row since it was read."""
        values = {"org": org_id, "id": row.id, "seen_at": row.updated_at, "status": WRITTEN[decided.status]}
        values |= {"note": decided.note, "message": decided.message, "reviewed_at": decided.reviewed_at}
        async with self._reading(org_id) as (session, statements):
            return bool((await session.execute(statements.decide(), values)).rowcount)  # type: ignore[attr-defined]

    async def delete(self, org_id: UUID, digests: Mapping[str, str | None]) -> list[str]:
        """Rows with their bytes, all or none: the ids of those that hold other bytes than the SHA-256 that is given
        for them, in which case nothing is deleted. Files in the folder go before their rows, so that none is forgotten.
        """
        values = {"org": org_id, "ids": list(digests)}
        async with self._reading(org_id) as (session, statements):
            found = (await session.execute(statements.with_content(locked=True), values)).all()
            changed = []
            for row in found:
                wanted = digests[row.id]
                if wanted and hashlib.sha256(await self._get_content(row)).hexdigest() != wanted:
                    changed.append(row.id)
            if not changed:
                for row in found:
                    await self._delete_file(row)
                await session.execute(statements.delete(), values)
        return changed

    def begin(self, org_id: UUID) -> AbstractAsyncContextManager[tuple[AsyncSession, Statements]]:
        """A transaction there, for what only a test or a loader does."""
        return self._reading(org_id)

    @asynccontextmanager
    async def _reading(self, org_id: UUID) -> AsyncIterator[tuple[AsyncSession, Statements]]:
        if self._statements is not None and self.is_ours:
            async with self._database.transaction(org_id) as session:
                yield session, self._statements
            return
        with telling_failures():
            async with self._open()() as session, session.begin():
                yield session, await self._learn(session)

    def _open(self) -> async_sessionmaker[AsyncSession]:
        if self._sessions is None:
            url = driver_url(str(self.settings.url))
            # A column without a time zone is read and written as UTC.
            arguments = {
                "connect_timeout": 2,
                "application_name": "portal-migration",
                "options": "-c timezone=UTC",
            }
            self._engine = create_async_engine(
                url, pool_size=5, max_overflow=5, pool_pre_ping=True, connect_args=arguments
            )
            self._sessions = async_sessionmaker(self._engine, expire_on_commit=False, autoflush=False)
        return self._sessions

    async def _learn(self, session: AsyncSession) -> Statements:
        """What type its ids have, asked once."""
        if self._statements is None:
            column = self.settings.columns.get("id") or "id"
            row = (
                await session.execute(KEY_TYPE, {"table": self.settings.table, "column": column})
            ).one_or_none()
            if row is None:
                raise LegacyMisfit(f"column {column} does not exist")
            self._sequence = row.sequence
            # As a type to cast to, `character` is a single one.
            key_type = "bpchar" if row.type == "character" else row.type
            self._statements = Statements(self.settings, is_ours=False, key_type=key_type)
        return self._statements

    def _make(self, row: Row[Any]) -> LegacyRow:
        values = dict(row._mapping)
        values.pop("content", None)
        path = values.pop("path")
        if path is not None and not self.is_ours:
            values["size"] = self._measure_file(path)
        return make_row(values)

    def _place(self, path: str) -> Path | None:
        """Below the folder and nowhere else, also behind links."""
        folder = Path(str(self.settings.folder)).resolve()
        try:
            place = (folder / path).resolve()
        except (OSError, ValueError, RuntimeError):
            return None  # a name that no file can have, or links that go round in a circle
        return place if place.is_relative_to(folder) else None

    def _measure_file(self, path: str) -> int:
        place = self._place(path)
        return place.stat().st_size if place is not None and place.is_file() else 0

    def _read_file(self, path: str) -> bytes | None:
        place = self._place(path)
        return place.read_bytes() if place is not None and place.is_file() else None

    def _write_file(self, row: NewRow) -> str:
        name = f"{row.id}.bin"
        place = self._place(name)
        if place is not None:
            place.write_bytes(row.content)
        return name

    async def _delete_file(self, row: Row[Any]) -> None:
        place = (
            self._place(str(row.content))
            if self.settings.folder and row.content and not self.is_ours
            else None
        )
        if place is not None:
            await asyncio.to_thread(place.unlink, missing_ok=True)
