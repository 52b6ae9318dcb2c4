"""An upload while its org moves: a row in the table, and from `dual_write` on also a document for Salesforce."""

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.legacy import LegacyTable, LegacyUnavailable, NewRow
from bff.migration import repository
from bff.migration.board import Board
from bff.migration.promising import Promises, apply_promises, pick_unmoved, plan_promises
from bff.verification.repository import NewAttempt

MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf", "heic": "image/heic"}
_NOT_HELD_S = 0.0

log = structlog.get_logger(__name__)


class ReservedRow(msgspec.Struct, frozen=True, kw_only=True):
    """See `bff.verification.older_table.Reserved`. The attempt's id is made from the row's, so that whoever sends the
    document, now or as part of the backfill, makes the same File."""

    legacy: LegacyTable
    row_id: str
    customer: str
    attempt_id: UUID
    is_only: bool
    earlier: Promises

    @property
    def older(self) -> Sequence[UUID]:
        return [item.id for item in self.earlier.items]

    async def store(self, session: AsyncSession, attempt: NewAttempt, content: bytes) -> None:
        await apply_promises(session, attempt.org_id, self.earlier, claim=uuid4(), lease_s=_NOT_HELD_S)
        is_copied = await self._copy(session, attempt, content)
        if not self.is_only:
            values = {"org": attempt.org_id, "row": self.row_id, "upload": attempt.id}
            values |= {"customer": attempt.customer_id, "account": attempt.account_id, "copied": is_copied}
            values |= {"sha256": hashlib.sha256(content).hexdigest(), "md5": attempt.stored_md5}
            await session.execute(repository.ACCEPT, values | {"size": len(content)})

    async def _copy(self, session: AsyncSession, attempt: NewAttempt, content: bytes) -> bool:
        """In our own database with the rest or not at all. Elsewhere a failure is noted, and noticed: it holds up the
        migration. Where the table is the only place, there is no upload without it.
        """
        row = NewRow(
            id=self.row_id,
            customer=self.customer,
            file_name=attempt.shown_name,
            content_type=MEDIA_TYPES[attempt.kind],
            content=content,
            submitted_at=attempt.submitted_at,
        )
        try:
            await self.legacy.insert(session, attempt.org_id, row)
        except LegacyUnavailable:
            if self.is_only:
                raise
            log.error("legacy_copy_missing", org=attempt.org_id, record_id=self.row_id)
            return False
        return True


class DualWrite:
    """One per process; the `OlderTable` of `bff.verification`."""

    def __init__(self, adapters: Adapters, board: Board) -> None:
        self._adapters = adapters
        self._board = board

    async def reserve(self, org_id: UUID, account_id: str) -> ReservedRow | None:
        """Raises DatabaseUnavailable, LegacyUnavailable in the phase in which there is nothing but the table."""
        standing = await self._board.get(org_id)
        if standing is None:
            return None
        legacy = self._adapters.legacy
        is_only = not standing.writes_salesforce
        try:
            row_id = await legacy.reserve_id(org_id)
            earlier = Promises() if is_only else await self._plan_earlier(org_id, account_id)
        except LegacyUnavailable:
            if is_only:
                raise
            # The sequence of its ids is away with it; an id of our own cannot meet one of theirs.
            row_id, earlier = str(uuid4()), Promises()
        return ReservedRow(
            legacy=legacy,
            row_id=row_id,
            customer=await legacy.find_key(org_id, account_id) or account_id,
            attempt_id=repository.make_upload_id(org_id, row_id),
            is_only=is_only,
            earlier=earlier,
        )

    async def _plan_earlier(self, org_id: UUID, account_id: str) -> Promises:
        """Earlier documents of the account become earlier versions only if they go first."""
        rows = await self._adapters.legacy.list_of_account(org_id, account_id)
        async with self._adapters.database.transaction(org_id) as session:
            rows = await pick_unmoved(session, org_id, rows)
        return await plan_promises(self._adapters, org_id, rows) if rows else Promises()
