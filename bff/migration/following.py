"""Verdicts find their way to the other side while both are written: runs beside the worker's jobs."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from bff.adapters import Adapters
from bff.db import DatabaseUnavailable
from bff.legacy import LegacyRow, LegacyUnavailable
from bff.migration import repository
from bff.migration.board import Board
from bff.migration.rules import Sync, make_decided_row, make_judgement, plan_sync
from cache.errors import CacheError
from sf_sync.accounts import NAMESPACE, get_account_topic
from sf_sync.client import Lane
from sf_sync.errors import SalesforceError

LOOK_EVERY_S = 1.0
BACKWARDS = timedelta(minutes=10)
"""How far back a worker looks when it starts: what the one before it may not have passed on."""
OVERLAP = timedelta(seconds=10)
"""How long a change may take from its time to its commit and still be seen."""
PAGE = 500
PREFIX = f"{NAMESPACE}:"

PICK_KNOWN = text(
    "SELECT DISTINCT account_id FROM migration_documents WHERE org_id = :org AND state IN ('moved', 'waiting')"
    " AND account_id = ANY(:accounts)"
)

log = structlog.get_logger(__name__)


async def sync_verdict(adapters: Adapters, org_id: UUID, account_id: str) -> Sync:
    """Bring one account's two sides together; doing so again changes nothing.

    Raises:
        StillMoving, SalesforceError, LegacyUnavailable, DatabaseUnavailable: look again later.
    """
    row = await adapters.legacy.find_newest_of_account(org_id, account_id)
    if row is None:
        return Sync.NOTHING
    async with adapters.database.transaction(org_id) as session:
        document = (await repository.find_documents(session, org_id, [row.id])).get(row.id)
    if document is not None and document.state == "waiting":
        raise StillMoving
    if document is None or document.state != "moved":
        return Sync.NOTHING
    account = (await adapters.salesforce.read_accounts([account_id], lane=Lane.BACKGROUND))[account_id]
    if account is None:
        return Sync.NOTHING
    plan = plan_sync(row, account)
    if plan is Sync.TO_SALESFORCE:
        async with adapters.account_view.writing(account_id) as write:
            await adapters.transfers.judge(account, make_judgement(row))
            write.settle()
    elif plan is Sync.TO_TABLE:
        await adapters.legacy.decide(org_id, row, make_decided_row(row, account))
        with suppress(CacheError):
            await adapters.broadcast.publish([get_account_topic(account_id)])
    if plan is not Sync.NOTHING:
        log.info("migration_verdict_passed_on", org=org_id, account_id=account_id, kind=plan)
    return plan


class StillMoving(Exception):
    """The account's newest document is on its way; what it says goes with it, unless it was read before."""


class Following:
    """Hears of changed accounts, and looks at changed rows, since an older portal tells nobody."""

    def __init__(self, adapters: Adapters, board: Board) -> None:
        self._adapters = adapters
        self._board = board
        self._looked_at: dict[UUID, datetime] = {}
        self._seen: dict[UUID, dict[str, datetime]] = {}
        self._waiting: set[tuple[UUID, str]] = set()
        self._told: set[tuple[UUID, str]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._adapters.broadcast.gather(PREFIX) as gathering:
            hearing = asyncio.ensure_future(anext(gathering))
            while True:
                await asyncio.wait({hearing}, timeout=LOOK_EVERY_S)
                accounts: list[str] = []
                if hearing.done():
                    if hearing.exception():
                        return
                    accounts = [topic.removeprefix(PREFIX) for topic in hearing.result().topics]
                    hearing = asyncio.ensure_future(anext(gathering))
                with suppress(DatabaseUnavailable, LegacyUnavailable):
                    await self.look(accounts)

    async def look(self, changed_accounts: list[str]) -> None:
        await self._board.look_for_rows()
        for org_id in self._board.moving:
            standing = self._board.find(org_id)
            if standing is None:
                continue
            rows_of = await self._list_changed(org_id)
            if rows_of:
                with suppress(CacheError):
                    await self._adapters.broadcast.publish(list(map(get_account_topic, rows_of)))
            if standing.writes_salesforce:
                moved = await self._pick_known(org_id, [*changed_accounts, *rows_of])
                self._waiting |= {(org_id, account_id) for account_id in moved}
        await self._work_off()

    async def _list_changed(self, org_id: UUID) -> list[str]:
        """Accounts whose rows somebody changed since the last look."""
        since = self._looked_at.get(org_id, datetime.now(UTC) - BACKWARDS)
        seen, after, at = self._seen.get(org_id, {}), "", since
        found: dict[str, LegacyRow] = {}
        while rows := await self._adapters.legacy.list_changed(org_id, since=at, after=after, limit=PAGE):
            at, after = rows[-1].updated_at, rows[-1].id
            found |= {row.id: row for row in rows}
        changed = [row for row in found.values() if seen.get(row.id) != row.updated_at]
        self._seen[org_id] = {row.id: row.updated_at for row in found.values()}
        self._looked_at[org_id] = max(since, at - OVERLAP)
        if not changed:
            return []
        customers = await self._adapters.legacy.find_customers(org_id, [row.customer for row in changed])
        return [each.account_id for each in customers.values() if each.account_id]

    async def _pick_known(self, org_id: UUID, accounts: list[str]) -> list[str]:
        if not accounts:
            return []
        async with self._adapters.database.transaction(org_id) as session:
            values = {"org": org_id, "accounts": list(dict.fromkeys(accounts))}
            return list((await session.execute(PICK_KNOWN, values)).scalars())

    async def _work_off(self) -> None:
        """What cannot be passed on now waits for the next look."""
        for org_id, account_id in list(self._waiting):
            try:
                await sync_verdict(self._adapters, org_id, account_id)
            except StillMoving:
                continue
            except SalesforceError as error:
                # Said once for the account: it is looked at every second.
                if (org_id, account_id) not in self._told:
                    self._told.add((org_id, account_id))
                    log.warning("migration_verdict_waits", account_id=account_id, error=type(error).__name__)
                continue
            self._told.discard((org_id, account_id))
            self._waiting.discard((org_id, account_id))
