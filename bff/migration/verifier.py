"""A full pass: every row with its bytes against every File, account, status and time in Salesforce."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text

from bff.adapters import Adapters
from bff.legacy import LegacyRow
from bff.migration import repository
from bff.migration.differences import (
    Checked,
    Difference,
    DifferenceClass,
    Digest,
    Inventory,
    Stock,
    compare,
)
from bff.migration.phases import Phase, Standing
from bff.migration.repair import Repair
from bff.migration.repository import Document
from sf_sync.client import Lane
from sf_sync.document_transfers import cut

PAGE = 200
READERS = 4
UNSAFE = frozenset({DifferenceClass.MISSING, DifferenceClass.TRUNCATED})
"""Ignoring such a difference does not make the row verified: it may be the only place of its bytes."""
SETTLING = frozenset(DifferenceClass) - {DifferenceClass.REPORTED}
"""What may be on its way to being no difference."""
SETTLE_S = 5.0
"""A verdict reaches the other side within seconds, and so does an upload."""

ADD_PASS = text(
    "INSERT INTO migration_passes (org_id, id, began_at, ended_at, documents, differences, ignored, repaired)"
    " VALUES (:org, :id, :began_at, clock_timestamp(), :documents, :differences, :ignored, :repaired)"
)
LIST_IGNORES = text(
    "SELECT row_id, difference FROM migration_ignores WHERE org_id = :org AND until > clock_timestamp()"
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass found. `differences` hold what is not ignored, repaired or not."""

    began_at: datetime
    documents: int
    differences: list[Difference]
    ignored: int

    @property
    def repaired(self) -> int:
        return sum(difference.is_repaired for difference in self.differences)

    @property
    def counts(self) -> dict[str, int]:
        """By class, only those that there are."""
        found = Counter(difference.kind.value for difference in self.differences)
        return {kind.value: found[kind.value] for kind in DifferenceClass if found[kind.value]}


class VerifyRefused(Exception):
    """There is nothing to compare in this phase; the message says why, in a sentence."""


class Verifier:
    """One pass for one org. Reads one page at a time, so its memory does not grow with the table.

    What differs is looked at a second time after `settle_s`: an upload or a verdict may have been on its way.
    """

    def __init__(
        self,
        adapters: Adapters,
        org_id: UUID,
        *,
        settle_s: float = SETTLE_S,
        tell: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self._adapters = adapters
        self._database = adapters.database
        self._legacy = adapters.legacy
        self._org_id = org_id
        self._settle_s = settle_s
        self._tell = tell
        self._ignores: set[tuple[str, str]] = set()
        self._ignored = 0
        self._may_settle = False

    async def run(self, *, repair: bool = False) -> Outcome:
        """A pass that finds nothing counts towards the next phase; one that repairs does not.

        Raises:
            VerifyRefused: documents do not move yet, or are purged.
        """
        began_at, done = datetime.now(UTC), 0
        self._standing = await self._admit()
        total = await self._legacy.count(self._org_id)
        await self._load_ignores()
        mending = Repair(self._adapters, self._org_id) if repair else None
        doubtful: list[str] = []
        after: str | None = None
        while rows := await self._legacy.list_page(self._org_id, after=after, limit=PAGE):
            after = rows[-1].id
            doubtful += await self._find_doubtful(rows)
            done += len(rows)
            self._tell(done, total)
        differences = await self._look_again(doubtful, mending)
        differences += self._drop_ignored(await self._find_gone())
        differences += self._drop_ignored(await self._find_gaps(mending))
        outcome = Outcome(began_at=began_at, documents=done, differences=differences, ignored=self._ignored)
        await self._keep(outcome)
        return outcome

    async def _admit(self) -> Standing:
        async with self._database.transaction(self._org_id) as session:
            standing = await repository.find_standing(session, self._org_id)
        if standing is None or standing.phase in (Phase.LEGACY, Phase.DUAL_WRITE):
            raise VerifyRefused("Documents are compared from the phase backfill on: bff migrate advance.")
        if standing.phase is Phase.PURGED:
            raise VerifyRefused("The rows are purged: there is nothing left to compare.")
        return standing

    async def _find_doubtful(self, rows: Sequence[LegacyRow]) -> list[str]:
        """Rows that seem to differ; the others are verified."""
        checked = await self._collect(rows)
        inventory = await self._take_stock([each.document for each in checked if each.document])
        found = {each.row.id: compare(each, inventory) for each in checked}
        doubtful = [row_id for row_id, told in found.items() if told]
        self._may_settle |= any(one.kind in SETTLING for told in found.values() for one in told)
        sound = [each.row.id for each in checked if each.row.id not in set(doubtful)]
        async with self._database.transaction(self._org_id) as session:
            await session.execute(repository.VERIFIED, {"org": self._org_id, "rows": sound})
        return doubtful

    async def _look_again(self, row_ids: Sequence[str], mending: Repair | None) -> list[Difference]:
        if self._may_settle:
            await asyncio.sleep(self._settle_s)
        differences: list[Difference] = []
        for part in cut(row_ids, PAGE):
            rows = await self._legacy.list_some(self._org_id, part)
            differences += await self._check_page(rows, mending)
        return differences

    async def _check_page(self, rows: Sequence[LegacyRow], mending: Repair | None) -> list[Difference]:
        checked = await self._collect(rows)
        inventory = await self._take_stock([each.document for each in checked if each.document])
        compared = [(each, compare(each, inventory)) for each in checked]
        lost = {each.row.id for each, told in compared if any(one.kind in UNSAFE for one in told)}
        found = [(each, self._drop_ignored(told)) for each, told in compared]
        async with self._database.transaction(self._org_id) as session:
            sound = [each.row.id for each, told in found if not told and each.row.id not in lost]
            faulty = [each.row.id for each in checked if each.row.id not in set(sound)]
            await session.execute(repository.VERIFIED, {"org": self._org_id, "rows": sound})
            await session.execute(repository.UNVERIFIED, {"org": self._org_id, "rows": faulty})
        if mending is None:
            return [difference for _, differences in found for difference in differences]
        return [
            await mending.apply(each, difference, inventory)
            for each, differences in found
            for difference in differences
        ]

    async def _collect(self, rows: Sequence[LegacyRow]) -> list[Checked]:
        async with self._database.transaction(self._org_id) as session:
            documents = await repository.find_documents(session, self._org_id, [row.id for row in rows])
        everybody = await self._legacy.list_of(self._org_id, list({row.customer for row in rows}))
        newest = {row.customer: row.id for row in everybody}
        turns = asyncio.Semaphore(READERS)
        digests = await asyncio.gather(*(self._digest(row, turns) for row in rows))
        return [
            Checked(
                row=row,
                document=documents.get(row.id),
                digest=digest,
                tells_status=newest.get(row.customer) == row.id and not self._standing.is_over,
            )
            for row, digest in zip(rows, digests, strict=True)
        ]

    async def _digest(self, row: LegacyRow, turns: asyncio.Semaphore) -> Digest:
        async with turns:
            content = await self._legacy.read_content(self._org_id, row.id) or b""
            return Digest(
                sha256=hashlib.sha256(content).hexdigest(),
                md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
                size=len(content),
            )

    async def _take_stock(self, documents: Sequence[Document]) -> Inventory:
        """Three calls for a page; one or two more where a File is not where it should be."""
        transfers = self._adapters.transfers
        moved = [each for each in documents if each.state == "moved"]
        accounts = list(dict.fromkeys(each.account_id for each in moved if each.account_id))
        if not accounts:
            return Stock(accounts={}, links=[], versions=[]).index()
        links = await transfers.list_links(accounts)
        versions = await transfers.list_versions(dict.fromkeys(link.document_id for link in links))
        there = {version.upload_id for version in versions}
        astray = [each.upload_id for each in moved if str(each.upload_id) not in there]
        versions += await transfers.find_uploads(astray)
        facts = await self._adapters.salesforce.read_accounts(accounts, lane=Lane.BACKGROUND, timeout_s=30)
        return Stock(accounts=facts, links=links, versions=versions).index()

    async def _find_gone(self) -> list[Difference]:
        """Documents that moved and whose row is gone: somebody deleted it."""
        gone: list[Difference] = []
        after: str | None = None
        while True:
            async with self._database.transaction(self._org_id) as session:
                page = await repository.list_documents(session, self._org_id, after=after, limit=1000)
            if not page:
                return gone
            after = page[-1].row_id
            there = await self._legacy.list_existing(
                self._org_id, [each.row_id for each in page if each.is_copied]
            )
            gone += [
                Difference(
                    row_id=each.row_id,
                    kind=DifferenceClass.ROW_GONE,
                    reason="The row that was moved is not in the table any more.",
                    account=(each.account_id or "")[-4:],
                )
                for each in page
                if each.is_copied and each.row_id not in there
            ]

    async def _find_gaps(self, mending: Repair | None) -> list[Difference]:
        """Uploads that the table lacks, while it is written."""
        if self._standing.is_over:
            return []
        async with self._database.transaction(self._org_id) as session:
            uncopied = await repository.list_uncopied(session, self._org_id)
        gaps = []
        for each in uncopied:
            reason = "The upload is in Salesforce and not in the table."
            account = (each.account_id or "")[-4:]
            gap = Difference(
                row_id=each.row_id, kind=DifferenceClass.NOT_IN_TABLE, reason=reason, account=account
            )
            gaps.append(await mending.fill(each, gap) if mending else gap)
        return gaps

    def _drop_ignored(self, differences: Sequence[Difference]) -> list[Difference]:
        kept = [each for each in differences if (each.row_id, each.kind) not in self._ignores]
        self._ignored += len(differences) - len(kept)
        return kept

    async def _load_ignores(self) -> None:
        async with self._database.transaction(self._org_id) as session:
            rows = await session.execute(LIST_IGNORES, {"org": self._org_id})
            self._ignores = {(row.row_id, row.difference) for row in rows}

    async def _keep(self, outcome: Outcome) -> None:
        values: dict[str, Any] = {"org": self._org_id, "id": uuid4(), "began_at": outcome.began_at}
        values |= {"documents": outcome.documents, "differences": len(outcome.differences)}
        values |= {"ignored": outcome.ignored, "repaired": outcome.repaired}
        async with self._database.transaction(self._org_id) as session:
            await session.execute(ADD_PASS, values)
            if outcome.repaired:
                await session.execute(repository.TOUCH, {"org": self._org_id})
