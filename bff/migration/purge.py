"""Deleting the table's rows for good: digests first, then batch by batch, then proof that no byte is left."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from bff.adapters import Adapters
from bff.db.database import libpq_url
from bff.migration import repository
from bff.migration.conditions import find_blocker
from bff.migration.phases import Phase
from bff.migration.service import Migration
from bff.settings import DatabaseSettings
from bff.tenancy import Org

BATCH = 500
SIZES = """
    SELECT pg_relation_size(c.oid) AS heap, coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast
    FROM pg_class c WHERE c.oid = %s::regclass
"""


class PurgeRefused(Exception):
    """Nothing was deleted, or not all; the message says why, in a sentence."""


async def purge(
    adapters: Adapters,
    migration: Migration,
    org: Org,
    database: DatabaseSettings,
    digests: Path,
    *,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> str:
    """The proof, as a sentence. May be repeated after a crash: what was deleted stays in the file.

    Raises:
        PurgeRefused: a row is not verified, the org is not at `salesforce_only`, or bytes are left.
    """
    report = await migration.report(org)
    if report.entry is None or report.entry.phase is not Phase.SALESFORCE_ONLY or report.measures is None:
        raise PurgeRefused("Rows are deleted in the phase salesforce_only alone.")
    if blocker := find_blocker(Phase.SALESFORCE_ONLY, report.measures):
        raise PurgeRefused(blocker)
    written = await _export(adapters, org, digests)
    deleted, total = 0, report.measures.rows
    while rows := await adapters.legacy.list_page(org.id, after=None, limit=BATCH):
        deleted += await adapters.legacy.delete(org.id, [row.id for row in rows])
        tell(deleted, total)
    proof = await _prove(adapters, org, database)
    await migration.finish_purge(org)
    return f"{written} digests written, {deleted} rows deleted. {proof}"


async def _export(adapters: Adapters, org: Org, path: Path) -> int:
    """One JSON line for each document that moved: enough to tell later what was where, and nothing to read."""
    count, after = 0, None
    with path.open("ab") as out:
        while True:
            async with adapters.database.transaction(org.id) as session:
                page = await repository.list_documents(session, org.id, after=after, limit=BATCH)
            if not page:
                return count
            after = page[-1].row_id
            lines = [msgspec.json.encode(_describe(each)) for each in page]
            await asyncio.to_thread(out.write, b"\n".join(lines) + b"\n")
            count += len(page)


def _describe(document: repository.Document) -> dict[str, Any]:
    names = ("row_id", "sha256", "md5", "size", "version_id", "document_id", "verified_at", "state", "reason")
    return {name: getattr(document, name) for name in names}


async def _prove(adapters: Adapters, org: Org, database: DatabaseSettings) -> str:
    """A deleted row's bytes stay in the table's files until they are written anew; so they are, and measured."""
    left = await adapters.legacy.count(org.id)
    if left:
        raise PurgeRefused(f"{left} rows came in while it went on: begin again.")
    url = adapters.legacy.settings.url or database.owner_url
    name = adapters.legacy.settings.table
    async with await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True) as connection:
        await connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(*name.split("."))))
        row: Any = await (await connection.execute(SIZES, [name])).fetchone()
    heap, toast = row
    if heap + toast == 0:
        return "The table's files are empty: 0 bytes of rows, 0 bytes of documents."
    return f"The table was written anew with the rows of others: {heap} bytes of rows, {toast} bytes of documents."
