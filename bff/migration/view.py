"""The account view of an org that moves: the table's word or Salesforce's, as its phase says, and both compared."""

import asyncio
from contextlib import suppress
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text

from bff.adapters import Adapters
from bff.db import DatabaseUnavailable
from bff.legacy import LegacyRow, LegacyUnavailable, RowStatus
from bff.migration.board import Board
from bff.migration.phases import Standing
from bff.migration.reads import Reads
from bff.migration.rules import has_younger, is_told_alike, make_table_facts
from sf_sync.accounts import AccountNotFound, AccountView, Sighting, SourceUnavailable

IS_UNDER_WAY = text(
    "SELECT EXISTS (SELECT FROM deliveries WHERE org_id = :org AND account_id = :account"
    " AND state IN ('waiting', 'parked'))"
)
_ORDERABLE = frozenset({RowStatus.SUBMITTED, RowStatus.VERIFIED})
SETTLE_S = 5.0
"""How long a difference may last: a verdict on one side takes a moment to the other."""

log = structlog.get_logger(__name__)


class MigratingAccountView(AccountView):
    """Takes the place of the ordinary one in each process; for an org that does not move it is the ordinary one.

    Without the table's database, an account that the table should answer for is unavailable: nobody guesses.
    """

    def __init__(self, adapters: Adapters, board: Board, reads: Reads) -> None:
        super().__init__(adapters.salesforce, adapters.redis, adapters.broadcast)
        self._board = board
        self._reads = reads
        self._legacy = adapters.legacy
        self._database = adapters.database
        self.settle_s = SETTLE_S
        self._confirming: dict[tuple[UUID, str], asyncio.Task[None]] = {}

    async def read(self, org_id: UUID, account_id: str) -> Sighting:
        sighting = await super().read(org_id, account_id)
        standing = await self._get_standing(org_id)
        return sighting if standing is None else await self._choose(org_id, standing, sighting)

    async def find_cached(self, org_id: UUID, account_id: str) -> Sighting | None:
        sighting = await super().find_cached(org_id, account_id)
        standing = await self._get_standing(org_id)
        if standing is None or sighting is None:
            return sighting
        return await self._choose(org_id, standing, sighting)

    async def retell(self, org_id: UUID, sighting: Sighting) -> Sighting:
        standing = await self._get_standing(org_id)
        return sighting if standing is None else await self._choose(org_id, standing, sighting)

    async def is_vouched(self, org_id: UUID, account_id: str) -> bool:
        standing = await self._get_standing(org_id)
        if standing is None or standing.get_answers(account_id) != "table":
            return False
        row = await self._find_row(org_id, account_id)
        if row is None or row.status not in _ORDERABLE:
            return False
        sighting = await super().find_cached(org_id, account_id)
        return sighting is None or not has_younger(sighting.facts.verification, row)

    async def finish_comparing(self) -> None:
        """Wait for the comparisons that look twice."""
        await asyncio.gather(*self._confirming.values())

    async def close(self) -> None:
        """Let comparisons under way come to their end."""
        for task in self._confirming.values():
            task.cancel()
        await asyncio.gather(*self._confirming.values(), return_exceptions=True)

    async def _get_standing(self, org_id: UUID) -> Standing | None:
        if self._board.knows(org_id):
            return self._board.find(org_id)
        try:
            return await self._board.get(org_id)
        except (DatabaseUnavailable, LegacyUnavailable) as error:
            raise SourceUnavailable(error.retry_after_s or 2) from error

    async def _choose(self, org_id: UUID, standing: Standing, sighting: Sighting) -> Sighting:
        if standing.get_answers(sighting.facts.account_id) == "salesforce":
            if standing.compares:
                # A comparison must cost nobody an answer that does not need the table.
                with suppress(SourceUnavailable):
                    await self._ask_table(org_id, standing, sighting)
            return sighting
        return await self._ask_table(org_id, standing, sighting)

    async def _ask_table(self, org_id: UUID, standing: Standing, sighting: Sighting) -> Sighting:
        """What the table says, compared with what Salesforce says where the phase wants it."""
        row = await self._find_row(org_id, sighting.facts.account_id)
        # An upload that the table never got, or one from before the table came, outdates it.
        if row is None or has_younger(sighting.facts.verification, row):
            return sighting
        told = _tell(row, sighting)
        if standing.compares:
            self._compare(org_id, standing, told, sighting)
        return told

    async def _find_row(self, org_id: UUID, account_id: str) -> LegacyRow | None:
        try:
            return await self._legacy.find_newest_of_account(org_id, account_id)
        except (LegacyUnavailable, DatabaseUnavailable) as error:
            log.error("legacy_table_unavailable", org=org_id)
            raise SourceUnavailable(error.retry_after_s or 2) from error

    def _compare(self, org_id: UUID, standing: Standing, told: Sighting, sighting: Sighting) -> None:
        if is_told_alike(told.facts.verification, sighting.facts.verification):
            self._reads.count(org_id, standing.window_id, differed=False)
            return
        key = org_id, sighting.facts.account_id
        if key not in self._confirming:
            task = asyncio.create_task(self._confirm(org_id, standing, sighting.facts.account_id))
            self._confirming[key] = task
            task.add_done_callback(lambda _: self._confirming.pop(key, None))

    async def _confirm(self, org_id: UUID, standing: Standing, account_id: str) -> None:
        """A cached reading, or a change on its way, is no difference: it counts when it is there and stays."""
        deadline = asyncio.get_running_loop().time() + self.settle_s
        try:
            while await self._differs(org_id, account_id):
                if asyncio.get_running_loop().time() >= deadline:
                    self._reads.count(org_id, standing.window_id, differed=True)
                    return
                await asyncio.sleep(self.settle_s / 10)
        except (AccountNotFound, SourceUnavailable, DatabaseUnavailable):
            return  # nobody can tell; the next read is compared again
        self._reads.count(org_id, standing.window_id, differed=False)

    async def _differs(self, org_id: UUID, account_id: str) -> bool:
        async with self._database.transaction(org_id) as session:
            values = {"org": org_id, "account": account_id}
            if (await session.execute(IS_UNDER_WAY, values)).scalar_one():
                return False
        sighting = await self.read_live(account_id)
        row = await self._find_row(org_id, account_id)
        if row is None or has_younger(sighting.facts.verification, row):
            return False
        return not is_told_alike(_tell(row, sighting).facts.verification, sighting.facts.verification)


def _tell(row: LegacyRow, sighting: Sighting) -> Sighting:
    facts = sighting.facts
    table = make_table_facts(row, facts.verification)
    return msgspec.structs.replace(sighting, facts=msgspec.structs.replace(facts, verification=table))
