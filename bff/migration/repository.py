"""Where orgs stand, and what became of each row; all inside a transaction of the org."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.db import Database
from bff.legacy import LegacyTable
from bff.migration.phases import Phase, Standing

FIND_STANDING = text("SELECT phase, percent, is_paused, window_id FROM migrations WHERE org_id = :org")
FIND_ENTRY = text(
    "SELECT phase, percent, is_paused, window_id, reason, changed_at, cursor, transferred_at FROM migrations"
    " WHERE org_id = :org FOR UPDATE"
)
BEGIN = text("INSERT INTO migrations (org_id) VALUES (:org) ON CONFLICT DO NOTHING")
# A window of compared reads begins anew with every phase: what was seen before a change says nothing about after it.
SET_PHASE = text(
    "UPDATE migrations SET phase = :phase, percent = :percent, reason = :reason, changed_at = clock_timestamp(),"
    " window_id = window_id + 1, is_paused = false WHERE org_id = :org"
)
SET_PERCENT = text(
    "UPDATE migrations SET percent = :percent WHERE org_id = :org AND phase = 'ramp' RETURNING org_id"
)
SET_PAUSED = text("UPDATE migrations SET is_paused = :paused WHERE org_id = :org")
SET_CURSOR = text("UPDATE migrations SET cursor = :cursor WHERE org_id = :org")
# The process before this one is gone, or the advisory lock would still be its own.
SET_CLAIM = text(
    "UPDATE migrations AS now SET claim = :claim FROM (SELECT org_id, claim FROM migrations WHERE org_id = :org) AS was"
    " WHERE now.org_id = was.org_id RETURNING was.claim"
)
TOUCH = text("UPDATE migrations SET transferred_at = clock_timestamp() WHERE org_id = :org")

FIND_DOCUMENTS = text(
    "SELECT row_id, upload_id, customer_id, account_id, state, reason, sha256, md5, size, version_id, document_id,"
    " is_copied, moved_at, verified_at FROM migration_documents WHERE org_id = :org AND row_id = ANY(:rows)"
)
LIST_UNCOPIED = text(
    "SELECT row_id, upload_id, customer_id, account_id, state, reason, sha256, md5, size, version_id, document_id,"
    " is_copied, moved_at, verified_at FROM migration_documents"
    " WHERE org_id = :org AND NOT is_copied ORDER BY row_id"
)
LIST_DOCUMENTS = text(
    "SELECT row_id, upload_id, customer_id, account_id, state, reason, sha256, md5, size, version_id, document_id,"
    " is_copied, moved_at, verified_at FROM migration_documents"
    " WHERE org_id = :org AND (CAST(:after AS text) IS NULL OR row_id > :after) ORDER BY row_id LIMIT :limit"
)
WAIT = text(
    "INSERT INTO migration_documents (org_id, row_id, upload_id, customer_id, account_id, state, is_copied)"
    " SELECT :org, new.row_id, new.upload, new.customer, new.account, 'waiting', new.copied"
    " FROM jsonb_to_recordset(CAST(:each AS jsonb))"
    " AS new (row_id text, upload uuid, customer uuid, account text, copied boolean)"
    " ON CONFLICT (org_id, row_id) DO UPDATE SET state = 'waiting', reason = NULL, customer_id = excluded.customer_id,"
    " account_id = excluded.account_id WHERE migration_documents.state = 'reported'"
)
# The document itself is delivered as any upload is; its settling is noted by a trigger on its attempt.
ACCEPT = text(
    "INSERT INTO migration_documents (org_id, row_id, upload_id, customer_id, account_id, state, sha256, md5, size,"
    " is_copied) VALUES (:org, :row, :upload, :customer, :account, 'waiting', :sha256, :md5, :size, :copied)"
)
REPORT = text(
    "INSERT INTO migration_documents (org_id, row_id, upload_id, customer_id, account_id, state, reason)"
    " SELECT :org, new.row_id, new.upload, new.customer, new.account, 'reported', new.reason"
    " FROM jsonb_to_recordset(CAST(:each AS jsonb))"
    " AS new (row_id text, upload uuid, customer uuid, account text, reason text)"
    " ON CONFLICT (org_id, row_id) DO UPDATE SET state = 'reported', reason = excluded.reason"
    " WHERE migration_documents.state <> 'moved'"
)
MOVED = text(
    "UPDATE migration_documents AS old SET state = 'moved', reason = NULL, sha256 = new.sha256, md5 = new.md5,"
    " size = new.size, version_id = new.version, document_id = new.document, moved_at = clock_timestamp(),"
    " verified_at = NULL FROM jsonb_to_recordset(CAST(:each AS jsonb))"
    " AS new (row_id text, sha256 text, md5 text, size integer, version text, document text)"
    " WHERE old.org_id = :org AND old.row_id = new.row_id"
)
RENAME = text(
    "UPDATE migration_documents SET upload_id = :upload, state = 'waiting', verified_at = NULL"
    " WHERE org_id = :org AND row_id = :row"
)
COPIED = text(
    "UPDATE migration_documents SET is_copied = true, sha256 = :sha256 WHERE org_id = :org AND row_id = :row"
)
VERIFIED = text(
    "UPDATE migration_documents SET verified_at = clock_timestamp()"
    " WHERE org_id = :org AND row_id = ANY(:rows) AND state = 'moved'"
)
UNVERIFIED = text(
    "UPDATE migration_documents SET verified_at = NULL WHERE org_id = :org AND row_id = ANY(:rows)"
)
LIST_IGNORED = text(
    "SELECT d.row_id FROM migration_documents d JOIN migration_ignores i USING (org_id, row_id)"
    " WHERE org_id = :org AND d.state = 'reported' AND i.difference = 'reported' AND i.until > clock_timestamp()"
)
COUNT = text(
    "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'moved') AS moved,"
    " count(*) FILTER (WHERE state = 'reported' AND NOT EXISTS (SELECT FROM migration_ignores i"
    " WHERE i.org_id = d.org_id AND i.row_id = d.row_id AND i.difference = 'reported' AND i.until > now()))"
    " AS reported,"
    " count(*) FILTER (WHERE NOT is_copied) AS uncopied, count(*) FILTER (WHERE verified_at IS NOT NULL) AS verified,"
    " count(*) AS known FROM migration_documents d WHERE org_id = :org"
)
COUNT_DELIVERIES = text(
    "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'parked') AS parked"
    " FROM deliveries WHERE org_id = :org AND kind IN ('id_document', 'legacy_document')"
    " AND state IN ('waiting', 'parked')"
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One org's line."""

    phase: Phase
    percent: int
    is_paused: bool
    window_id: int
    reason: str | None
    changed_at: datetime
    cursor: str | None
    transferred_at: datetime | None

    @property
    def standing(self) -> Standing:
        return Standing(
            phase=self.phase, percent=self.percent, is_paused=self.is_paused, window_id=self.window_id
        )


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row. Digests are of the bytes that moved; `is_copied` False: the table lacks this upload."""

    row_id: str
    upload_id: UUID
    customer_id: UUID | None
    account_id: str | None
    state: str
    reason: str | None
    sha256: str | None
    md5: str | None
    size: int | None
    version_id: str | None
    document_id: str | None
    is_copied: bool
    moved_at: datetime | None
    verified_at: datetime | None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    waiting: int
    moved: int
    reported: int
    uncopied: int
    verified: int
    known: int


def make_upload_id(org_id: UUID, row_id: str, *, again: int = 0) -> UUID:
    """The name of a row's document in Salesforce. Whoever sends it, and however often, it is one File.

    `again` counts the times that other bytes had to take its place.
    """
    return uuid5(NAMESPACE_URL, f"portal-bff:document:{org_id}:{row_id}" + (f":{again}" if again else ""))


async def find_standing(session: AsyncSession, org_id: UUID) -> Standing | None:
    row = (await session.execute(FIND_STANDING, {"org": org_id})).one_or_none()
    return Standing(**dict(row._mapping) | {"phase": Phase(row.phase)}) if row else None


async def begin_with_rows(database: Database, legacy: LegacyTable, org_id: UUID) -> Standing | None:
    """None, and nothing begun, for a table without a row. Raises DatabaseUnavailable, LegacyUnavailable."""
    if not await legacy.list_page(org_id, after=None, limit=1):
        return None
    async with database.transaction(org_id) as session:
        await session.execute(BEGIN, {"org": org_id})
        return await find_standing(session, org_id)


async def find_entry(session: AsyncSession, org_id: UUID) -> Entry | None:
    """Holds the line until the transaction ends."""
    row = (await session.execute(FIND_ENTRY, {"org": org_id})).one_or_none()
    return Entry(**dict(row._mapping) | {"phase": Phase(row.phase)}) if row else None


async def set_phase(
    session: AsyncSession, org_id: UUID, phase: Phase, *, percent: int = 0, reason: str | None = None
) -> None:
    await session.execute(SET_PHASE, {"org": org_id, "phase": phase, "percent": percent, "reason": reason})


async def find_documents(session: AsyncSession, org_id: UUID, row_ids: Sequence[str]) -> dict[str, Document]:
    rows = await session.execute(FIND_DOCUMENTS, {"org": org_id, "rows": list(row_ids)})
    return {row.row_id: Document(**row._mapping) for row in rows}


async def list_documents(
    session: AsyncSession, org_id: UUID, *, after: str | None, limit: int
) -> list[Document]:
    rows = await session.execute(LIST_DOCUMENTS, {"org": org_id, "after": after, "limit": limit})
    return [Document(**row._mapping) for row in rows]


async def list_uncopied(session: AsyncSession, org_id: UUID) -> list[Document]:
    """Uploads that the table lacks."""
    rows = await session.execute(LIST_UNCOPIED, {"org": org_id})
    return [Document(**row._mapping) for row in rows]


async def find_ignored(session: AsyncSession, org_id: UUID) -> frozenset[str]:
    """Rows that cannot be moved and are ignored for now."""
    rows = await session.execute(LIST_IGNORED, {"org": org_id})
    return frozenset(rows.scalars())


async def execute_for_each(
    session: AsyncSession, statement: Any, org_id: UUID, each: Sequence[dict[str, Any]]
) -> None:
    """One execution for all of them: they are the records of its `each`, which holds no row twice."""
    if each:
        await session.execute(statement, {"org": org_id, "each": msgspec.json.encode(each).decode()})


async def get_counts(session: AsyncSession, org_id: UUID) -> Counts:
    return Counts(**(await session.execute(COUNT, {"org": org_id})).one()._mapping)


async def count_deliveries(session: AsyncSession, org_id: UUID) -> tuple[int, int]:
    """Documents and verdicts that wait for Salesforce, and those that are parked."""
    row = (await session.execute(COUNT_DELIVERIES, {"org": org_id})).one()
    return row.waiting, row.parked
