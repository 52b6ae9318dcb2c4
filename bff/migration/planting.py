"""Faults on purpose, in what has moved to Salesforce: so that a verifier can be seen to find them. Development only."""

import base64
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text

from bff.adapters import Adapters
from bff.legacy import RowStatus
from bff.migration.differences import DifferenceClass
from bff.migration.repository import Document
from bff.migration.rules import make_judgement
from sf_sync.client import Lane
from sf_sync.objects.account import VerificationStatus

# Of accounts with a single document, so that one fault is one finding.
PICK = text(
    "SELECT row_id, upload_id, customer_id, account_id, state, reason, sha256, md5, size, version_id, document_id,"
    " is_copied, moved_at, verified_at FROM migration_documents d WHERE org_id = :org AND state = 'moved'"
    " AND NOT EXISTS (SELECT FROM migration_documents o WHERE o.org_id = d.org_id AND o.account_id = d.account_id"
    " AND o.row_id <> d.row_id) ORDER BY row_id LIMIT :limit"
)

Plant = Callable[["Planter", Document], Awaitable[None]]


class Planter:
    def __init__(self, adapters: Adapters, org_id: UUID, stranger: str) -> None:
        self._adapters = adapters
        self._client = adapters.client
        self._org_id = org_id
        self._stranger = stranger

    async def lose(self, document: Document) -> None:
        await self._adapters.transfers.delete_document(document.document_id or "")

    async def truncate(self, document: Document) -> None:
        """As an integration would that was cut off: the File is there, under its name, and short."""
        content = await self._read(document)
        await self.lose(document)
        await self._upload(document, content[: len(content) // 2], name=str(document.upload_id))

    async def swap(self, document: Document) -> None:
        transfers = self._adapters.transfers
        links = await transfers.list_links([document.account_id or ""])
        await transfers.link(document.document_id or "", self._stranger)
        for link in links:
            if link.document_id == document.document_id:
                await transfers.unlink(link.link_id)

    async def double(self, document: Document) -> None:
        await self._upload(document, await self._read(document), name=None)

    async def outdate(self, document: Document) -> None:
        """The older portal decides, and Salesforce is not told."""
        row = await self._adapters.legacy.find(self._org_id, document.row_id)
        if row is not None:
            is_verified = row.status is RowStatus.VERIFIED
            status = RowStatus.REJECTED if is_verified else RowStatus.VERIFIED
            decided = msgspec.structs.replace(
                row, status=status, message="Planted.", reviewed_at=datetime.now(UTC)
            )
            await self._adapters.legacy.decide(self._org_id, row, decided)

    async def misjudge(self, document: Document) -> None:
        row = await self._adapters.legacy.find(self._org_id, document.row_id)
        if row is not None:
            judgement = make_judgement(row)
            is_verified = judgement.status is VerificationStatus.VERIFIED
            status = VerificationStatus.SUBMITTED if is_verified else VerificationStatus.VERIFIED
            await self._judge(document, status=status)

    async def mistime(self, document: Document) -> None:
        await self._judge(document, submitted_at=None)

    async def _judge(
        self, document: Document, *, status: VerificationStatus | None = None, submitted_at: None = None
    ) -> None:
        row = await self._adapters.legacy.find(self._org_id, document.row_id)
        account_id = document.account_id or ""
        facts = (await self._adapters.salesforce.read_accounts([account_id], lane=Lane.BACKGROUND))[
            account_id
        ]
        if row is None or facts is None:
            return
        judgement = make_judgement(row)
        if status is None:
            judgement = msgspec.structs.replace(
                judgement, submitted_at=judgement.submitted_at - timedelta(hours=9)
            )
        else:
            judgement = msgspec.structs.replace(judgement, status=status)
        await self._adapters.transfers.judge(facts, judgement)

    async def _read(self, document: Document) -> bytes:
        return await self._adapters.legacy.read_content(self._org_id, document.row_id) or b""

    async def _upload(self, document: Document, content: bytes, *, name: str | None) -> None:
        body = {
            "PathOnClient": "planted.jpg",
            "VersionData": base64.b64encode(content).decode(),
            "FirstPublishLocationId": document.account_id,
        } | ({"Portal_Upload_Id__c": name} if name else {})
        await self._client.request(
            "POST",
            "sobjects/ContentVersion",
            json=body,
            lane=Lane.BACKGROUND,
            idempotent=False,
            timeout_s=30,
        )


PLANTS: dict[DifferenceClass, Plant] = {
    DifferenceClass.MISSING: Planter.lose,
    DifferenceClass.TRUNCATED: Planter.truncate,
    DifferenceClass.SWAPPED_ACCOUNT: Planter.swap,
    DifferenceClass.DOUBLE: Planter.double,
    DifferenceClass.OLDER: Planter.outdate,
    DifferenceClass.DIFFERENT_STATUS: Planter.misjudge,
    DifferenceClass.DIFFERENT_TIME: Planter.mistime,
}


async def plant(
    adapters: Adapters, org_id: UUID, *, faults: int, seed: int = 7
) -> dict[DifferenceClass, set[str]]:
    """As many of each class as go evenly, one for an account; by class, the rows that they are about."""
    async with adapters.database.transaction(org_id) as session:
        rows = await session.execute(PICK, {"org": org_id, "limit": max(2000, faults * 20)})
        documents = [Document(**row._mapping) for row in rows]
    dice = random.Random(seed)  # noqa: S311 - which ones does not matter
    stranger, *chosen = dice.sample(documents, min(len(documents), faults + 1))
    planter = Planter(adapters, org_id, stranger.account_id or "")
    planted: dict[DifferenceClass, set[str]] = {kind: set() for kind in PLANTS}
    for number, document in enumerate(chosen):
        kind = list(PLANTS)[number % len(PLANTS)]
        await PLANTS[kind](planter, document)
        planted[kind].add(document.row_id)
    return planted
