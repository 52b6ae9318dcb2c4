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
from bff.migration.repair import Repair
from bff.migration.repository import Document
from sf_sync.client import Lane

PAGE = 200
READERS = 4

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


class Verifier:
    """One pass for one org. Reads one page at a time, so its memory does not grow with the table."""

    def __init__(
        self, adapters: Adapters, org_id: UUID, *, tell: Callable[[int, int], None] = lambda *_: None
    ) -> None:
        self._adapters = adapters
        self._database = adapters.database
        self._legacy = adapters.legacy
        self._org_id = org_id
        self._tell = tell
        self._ignores: set[tuple[str, str]] = set()
        self._ignored = 0

    async def run(self, *, repair: bool = False) -> Outcome:
        """A pass that finds nothing counts towards the next phase; one that repairs does not."""
        began_at, done = datetime.now(UTC), 0
        total = await self._legacy.count(self._org_id)
        await self._load_ignores()
        mending = Repair(self._adapters, self._org_id) if repair else None
        differences: list[Difference] = []
        after: str | None = None
        while rows := await self._legacy.list_page(self._org_id, after=after, limit=PAGE):
            after = rows[-1].id
            differences += await self._check_page(rows, mending)
            done += len(rows)
            self._tell(done, total)
        differences += self._drop_ignored(await self._find_gone())
        outcome = Outcome(began_at=began_at, documents=done, differences=differences, ignored=self._ignored)
        await self._keep(outcome)
        return outcome

    async def _check_page(self, rows: Sequence[LegacyRow], mending: Repair | None) -> list[Difference]:
        checked = await self._collect(rows)
        inventory = await self._take_stock([each.document for each in checked if each.document])
        found = [(each, self._drop_ignored(compare(each, inventory))) for each in checked]
        async with self._database.transaction(self._org_id) as session:
            sound = [each.row.id for each, differences in found if not differences and each.document]
            faulty = [each.row.id for each, differences in found if differences]
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
                is_newest=newest.get(row.customer) == row.id,
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
