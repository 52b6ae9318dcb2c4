"""Deleting the table's rows for good: digests first, then batch by batch, then proof that no byte is left."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import psycopg
from psycopg import sql

from bff.adapters import Adapters
from bff.db.database import libpq_url
from bff.legacy import LegacyRow
from bff.migration import repository
from bff.migration.conditions import find_blocker
from bff.migration.phases import Phase
from bff.migration.repository import Document
from bff.migration.service import Migration
from bff.settings import DatabaseSettings
from bff.tenancy import Org

BATCH = 500
AT_ONCE_BYTES = 16 * 1024 * 1024
NOT_WRITTEN_ANEW = (
    "The rows are deleted, and their bytes are still in the table's files, which only the table's owner can write"
    " anew: begin again with its login."
)
SIZES = """
    SELECT pg_relation_filenode(c.oid) AS file, pg_relation_size(c.oid) AS heap,
        coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast
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
    with_ignored: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> str:
    """The proof, as a sentence. May be repeated after a crash: what was deleted stays in the file.

    `with_ignored` lets rows go that never moved and are ignored: nowhere else are their bytes.

    Raises:
        PurgeRefused: a row is not verified, the org is not at `salesforce_only`, or bytes are left.
    """
    report = await migration.report(org)
    if report.entry is None or report.entry.phase is not Phase.SALESFORCE_ONLY or report.measures is None:
        raise PurgeRefused("Rows are deleted in the phase salesforce_only alone.")
    if blocker := find_blocker(Phase.SALESFORCE_ONLY, report.measures):
        raise PurgeRefused(blocker)
    if report.measures.ignored and not with_ignored:
        raise PurgeRefused(
            f"{report.measures.ignored} ignored rows never moved: add --with-ignored to lose them."
        )
    try:
        written = await _export(adapters, org, digests)
    except OSError as error:
        raise PurgeRefused(f"{digests} cannot be written: {error.strerror}.") from error
    deleted, total = 0, report.measures.rows
    while rows := await adapters.legacy.list_page(org.id, after=None, limit=BATCH):
        for part in cut_by_size(rows):
            await _delete(adapters, org, part, with_ignored=with_ignored)
            deleted += len(part)
            tell(deleted, total)
    proof = await _prove(adapters, org, database)
    await migration.finish_purge(org)
    return f"{written} digests written, {deleted} rows deleted. {proof}"


async def _delete(adapters: Adapters, org: Org, rows: Sequence[LegacyRow], *, with_ignored: bool) -> None:
    """Each row is looked at as it goes: counts cannot tell a row that came from one that went."""
    row_ids = [row.id for row in rows]
    async with adapters.database.transaction(org.id) as session:
        documents = await repository.find_documents(session, org.id, row_ids)
        ignored = await repository.find_ignored(session, org.id) if with_ignored else frozenset()
    wanted: dict[str, str | None] = {}
    for row_id in row_ids:
        document = documents.get(row_id)
        is_safe = document is not None and document.verified_at is not None and document.sha256 is not None
        if not is_safe and row_id not in ignored:
            raise PurgeRefused(f"Row {row_id} is not verified: bff migrate back, then backfill and verify.")
        wanted[row_id] = document.sha256 if document else None
    if changed := await adapters.legacy.delete(org.id, wanted):
        raise PurgeRefused(f"Row {changed[0]} has changed since it was verified: bff migrate verify.")


def cut_by_size(rows: Sequence[LegacyRow]) -> Iterator[list[LegacyRow]]:
    """Parts whose bytes fit into memory together; a larger document comes alone."""
    part: list[LegacyRow] = []
    for row in rows:
        if part and sum(each.size for each in part) + row.size > AT_ONCE_BYTES:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


async def _export(adapters: Adapters, org: Org, path: Path) -> int:
    """One JSON line for each document: enough to tell later what was where, and nothing to read. It is on the disk
    before the first row goes.
    """
    count, after = 0, None
    with path.open("ab") as out:
        while True:
            async with adapters.database.transaction(org.id) as session:
                page = await repository.list_documents(session, org.id, after=after, limit=BATCH)
            if not page:
                await asyncio.to_thread(_save, out)
                return count
            after = page[-1].row_id
            lines = [msgspec.json.encode(_describe(await _measure(adapters, org, each))) for each in page]
            await asyncio.to_thread(out.write, b"\n".join(lines) + b"\n")
            count += len(page)


def _save(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


async def _measure(adapters: Adapters, org: Org, document: Document) -> Document:
    """What never moved has no digests yet."""
    if document.state != "reported":
        return document
    content = await adapters.legacy.read_content(org.id, document.row_id)
    if content is None:
        return document
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    sha256 = hashlib.sha256(content).hexdigest()
    return msgspec.structs.replace(document, sha256=sha256, md5=md5, size=len(content))


def _describe(document: Document) -> dict[str, Any]:
    names = ("row_id", "sha256", "md5", "size", "version_id", "document_id", "verified_at", "state", "reason")
    return {name: getattr(document, name) for name in names}


async def _prove(adapters: Adapters, org: Org, database: DatabaseSettings) -> str:
    """A deleted row's bytes stay in the table's files until they are written anew; so they are, and measured."""
    left = await adapters.legacy.count(org.id)
    if left:
        raise PurgeRefused(f"{left} rows came in while it went on: begin again.")
    url = adapters.legacy.settings.url or database.owner_url
    name = adapters.legacy.settings.table
    try:
        heap, toast = await _write_anew(libpq_url(url), name)
    except psycopg.Error as error:
        raise PurgeRefused(NOT_WRITTEN_ANEW) from error
    if heap + toast == 0:
        return "The table's files are empty: 0 bytes of rows, 0 bytes of documents."
    return f"The table was written anew with the rows of others: {heap} bytes of rows, {toast} bytes of documents."


async def _write_anew(url: str, name: str) -> tuple[int, int]:
    """Bytes of rows and of what is stored beside them, afterwards.

    Raises:
        PurgeRefused: PostgreSQL only warns a login that may not do this.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        before: Any = await (await connection.execute(SIZES, [name])).fetchone()
        await connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(*name.split("."))))
        after: Any = await (await connection.execute(SIZES, [name])).fetchone()
    if after[0] == before[0]:
        raise PurgeRefused(NOT_WRITTEN_ANEW)
    return after[1], after[2]
