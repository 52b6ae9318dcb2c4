"""Making the table whole again: what reached Salesforce and not the table, because an older database was away, or
because the org had already left it.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from bff.adapters import Adapters
from bff.legacy import NewRow
from bff.migration import repository
from bff.migration.dual import MEDIA_TYPES
from bff.migration.following import StillMoving, sync_verdict
from bff.migration.repository import Document
from bff.migration.rules import Sync, plan_sync
from sf_sync.client import Lane

PAGE = 200

# An upload that met no older table has no line of its own yet. Its row will have the id of the attempt.
NOTE_GAPS = text(
    "INSERT INTO migration_documents (org_id, row_id, upload_id, customer_id, account_id, state, md5, size,"
    " version_id, document_id, is_copied, moved_at) SELECT org_id, id::text, id, customer_id, account_id,"
    " CASE state WHEN 'delivered' THEN 'moved' ELSE 'waiting' END, stored_md5, size, version_id, document_id, false,"
    " settled_at FROM verification_attempts a WHERE org_id = :org AND submitted_at >= :since"
    " AND state IN ('waiting', 'delivered') AND NOT EXISTS (SELECT FROM migration_documents d"
    " WHERE d.org_id = a.org_id AND d.upload_id = a.id) ON CONFLICT DO NOTHING"
)
FIND_ATTEMPT = text(
    "SELECT customer_id, shown_name, kind, submitted_at FROM verification_attempts WHERE org_id = :org AND id = :id"
)
SET_ROW = text("UPDATE migration_documents SET row_id = :row WHERE org_id = :org AND upload_id = :upload")


async def note_gaps(adapters: Adapters, org_id: UUID, *, since: datetime) -> int:
    """Uploads from then on that the table lacks; from now on they are counted, and `verify --repair` copies them."""
    async with adapters.database.transaction(org_id) as session:
        done = await session.execute(NOTE_GAPS, {"org": org_id, "since": since})
        return int(done.rowcount)  # type: ignore[attr-defined]


async def copy_back(adapters: Adapters, org_id: UUID, document: Document) -> bool:
    """A row for a document that only Salesforce has. Safe to repeat.

    Raises SalesforceError, LegacyUnavailable, DatabaseUnavailable.
    """
    if document.version_id is None:
        return False
    content = await adapters.transfers.read_content(document.version_id)
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != document.md5:
        return False
    async with adapters.database.transaction(org_id) as session:
        values = {"org": org_id, "id": document.upload_id}
        attempt = (await session.execute(FIND_ATTEMPT, values)).one_or_none()
    if attempt is None:
        return False
    # The row's id is settled before the row is there, or a second try would make a second row.
    row_id = await adapters.legacy.choose_id(org_id, document.row_id)
    async with adapters.database.transaction(org_id) as session:
        await session.execute(SET_ROW, {"org": org_id, "upload": document.upload_id, "row": row_id})
    row = NewRow(
        id=row_id,
        customer=await adapters.legacy.find_key(org_id, document.account_id or "")
        or str(attempt.customer_id),
        file_name=attempt.shown_name,
        content_type=MEDIA_TYPES.get(attempt.kind, ""),
        content=content,
        submitted_at=attempt.submitted_at,
    )
    await adapters.legacy.insert(None, org_id, row)
    copied = {"org": org_id, "row": row_id, "sha256": hashlib.sha256(content).hexdigest()}
    async with adapters.database.transaction(org_id) as session:
        await session.execute(repository.COPIED, copied)
    return True


async def catch_up(adapters: Adapters, org_id: UUID) -> int:
    """Pass on every verdict that one side has and the other has not; how many there were.

    Raises SalesforceError, LegacyUnavailable, DatabaseUnavailable: what is left, `verify --repair` finds.
    """
    count, after = 0, None
    while True:
        async with adapters.database.transaction(org_id) as session:
            page = await repository.list_documents(session, org_id, after=after, limit=PAGE)
        if not page:
            return count
        after = page[-1].row_id
        accounts = {each.account_id for each in page if each.account_id and each.state == "moved"}
        count += await _catch_up(adapters, org_id, sorted(accounts))


async def _catch_up(adapters: Adapters, org_id: UUID, accounts: list[str]) -> int:
    count = 0
    found = await adapters.salesforce.read_accounts(accounts, lane=Lane.BACKGROUND, timeout_s=30)
    for account_id, facts in found.items():
        row = await adapters.legacy.find_newest_of_account(org_id, account_id)
        if row is None or facts is None or plan_sync(row, facts) is Sync.NOTHING:
            continue
        try:
            count += await sync_verdict(adapters, org_id, account_id) is not Sync.NOTHING
        except StillMoving:
            continue  # the worker passes on what comes of it
    return count
