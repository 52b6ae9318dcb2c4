"""Moving one row's document to Salesforce: the outbox's delivery, and what its settling writes."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import Delivered, Delivery, DeliveryHandler, Outcome, Refused, Retry, handler
from bff.deliveries.judging import judge_failure
from bff.legacy import LegacyRow, RowStatus
from bff.migration import repository
from bff.migration.rules import Move, Trouble, find_kind, plan_move
from bff.verification.inspection.names import format_shown_name
from sf_sync.client import Lane
from sf_sync.errors import SalesforceError, SalesforceRefused
from sf_sync.objects.account import AccountFacts
from sf_sync.objects.document import DocumentFile, StoredDocument
from sf_sync.objects.document_transfer import Place, TransferDocument

KIND = "legacy_document"
_MOST_TRIES = 3
_GONE = frozenset({"INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"})
_LARGE = 1024 * 1024
"""Bytes from which on a digest is worth a thread."""
_EXTENSIONS = {"jpeg": "jpg", "png": "png", "pdf": "pdf", "heic": "heic"}

LOCK_NUMBERS = text(
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended('verification' || CAST(:org AS text) ||"
    " account, 0) AS key FROM unnest(CAST(:accounts AS text[])) AS account ORDER BY key) AS keys"
)
# The number of each follows those of the documents that were sent before it; where that one is taken by a younger
# document, it is the next below all others. No account is in it twice, as none of them sees the others.
KEEP_ATTEMPTS = text(
    """
    INSERT INTO verification_attempts (org_id, id, customer_id, account_id, number, sha256, stored_md5, size, kind,
        shown_name, context, state, version_id, document_id, verdict, verdict_message, verdict_at, submitted_at,
        settled_at)
    SELECT :org, new.id, new.customer, new.account,
        CASE WHEN kept.wanted = ANY(kept.numbers) THEN kept.lowest - 1 ELSE kept.wanted END,
        new.sha256, new.md5, new.size, new.kind, new.name, 'account', 'delivered', new.version, new.document,
        new.verdict, new.message, new.verdict_at, new.submitted_at, new.submitted_at
    FROM jsonb_to_recordset(CAST(:each AS jsonb)) AS new (id uuid, customer uuid, account text, sha256 text, md5 text,
        size integer, kind text, name text, version text, document text, verdict text, message text,
        verdict_at timestamptz, submitted_at timestamptz),
    LATERAL (
        SELECT coalesce(max(number) FILTER (WHERE submitted_at <= new.submitted_at), 0) + 1 AS wanted,
            array_agg(number) AS numbers, min(number) AS lowest
        FROM verification_attempts WHERE org_id = :org AND account_id = new.account
    ) AS kept
    ON CONFLICT (org_id, id) DO UPDATE SET version_id = excluded.version_id, document_id = excluded.document_id
    """
)


class MovePayload(msgspec.Struct, frozen=True, kw_only=True):
    """What the delivery keeps; the bytes stay in the table until they are purged."""

    row_id: str
    customer_id: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What settling a move writes down."""

    row_id: str
    customer_id: str
    version: str
    document: str
    sha256: str
    md5: str
    size: int
    kind: str
    row: LegacyRow


@handler(KIND)
class DocumentMove(DeliveryHandler):
    """Reads the row when it is sent, so that a verdict given meanwhile goes along."""

    timeout_s = 90.0

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        payload = msgspec.convert(delivery.payload, MovePayload)
        found = await adapters.legacy.read_many(delivery.org_id, [payload.row_id])
        try:
            account = await _read_account(delivery.account_id, adapters)
        except SalesforceError as error:
            return judge_failure(error)
        outcome = await move(delivery, found.get(payload.row_id), account, adapters)
        await adapters.account_view.invalidate([delivery.account_id])
        return outcome

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        stored = await adapters.transfers.find(delivery.id)
        if stored is None:
            return None
        payload = msgspec.convert(delivery.payload, MovePayload)
        found = await adapters.legacy.read_many(delivery.org_id, [payload.row_id])
        if payload.row_id not in found:
            return None
        outcome = _confirm(payload, *found[payload.row_id], stored)
        return outcome if isinstance(outcome, Delivered) else None

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        await settle_moves(session, [(delivery, outcome)])


async def move(
    delivery: Delivery,
    found: tuple[LegacyRow, bytes] | None,
    account: AccountFacts | None,
    adapters: Adapters,
) -> Outcome:
    """`found` and `account` as they were read just now; when the account has changed meanwhile, it is read and judged
    again.
    """
    if found is None or not found[1]:
        return Refused(Trouble.EMPTY)
    row, content = found
    if find_kind(content) is None:
        return Refused(Trouble.DAMAGED)
    payload = msgspec.convert(delivery.payload, MovePayload)
    try:
        return await _move(delivery, payload, row, content, account, adapters)
    except SalesforceError as error:
        return judge_failure(error)


async def _move(
    delivery: Delivery,
    payload: MovePayload,
    row: LegacyRow,
    content: bytes,
    account: AccountFacts | None,
    adapters: Adapters,
) -> Outcome:
    for _ in range(_MOST_TRIES):
        plan = plan_move(row, account)
        if isinstance(plan, Trouble) or account is None:
            return Refused(plan if isinstance(plan, Trouble) else Trouble.ACCOUNT_GONE)
        stored = await _transfer(_make_command(delivery, content, account, plan), adapters)
        stored = stored or await adapters.transfers.find(delivery.id)
        if stored is not None:
            if len(content) > _LARGE:
                return await asyncio.to_thread(_confirm, payload, row, content, stored)
            return _confirm(payload, row, content, stored)
        account = await _read_account(delivery.account_id, adapters)
    return Retry("The account changes all the time.")


async def _transfer(command: TransferDocument, adapters: Adapters) -> StoredDocument | None:
    """Where the account's document was deleted in Salesforce, the file begins another."""
    try:
        return await adapters.transfers.transfer(command)
    except SalesforceRefused as refused:
        if refused.code not in _GONE or command.place is not Place.NEXT:
            raise
    return await adapters.transfers.transfer(msgspec.structs.replace(command, place=Place.FIRST))


def _make_command(delivery: Delivery, content: bytes, account: AccountFacts, plan: Move) -> TransferDocument:
    name = f"{delivery.id}.{_EXTENSIONS[find_kind(content) or 'jpeg']}"
    return TransferDocument(
        file=DocumentFile(upload_id=delivery.id, file_name=name, content=content),
        expected=account,
        place=plan.place,
        judgement=plan.judgement,
    )


def _confirm(
    payload: MovePayload, row: LegacyRow, content: bytes, stored: StoredDocument
) -> Delivered | Retry:
    """Moved only when what Salesforce holds is, byte for byte, what the row holds."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if stored.checksum != md5:
        return Retry("Salesforce holds other bytes than the row.")
    moved = Moved(
        row_id=payload.row_id,
        customer_id=payload.customer_id,
        version=stored.version_id,
        document=stored.document_id,
        sha256=hashlib.sha256(content).hexdigest(),
        md5=md5,
        size=len(content),
        kind=find_kind(content) or "jpeg",
        row=row,
    )
    return Delivered(stored.version_id, msgspec.to_builtins(moved))


async def settle_moves(
    session: AsyncSession, settled: Sequence[tuple[Delivery, Delivered | Refused]]
) -> None:
    """The ledger and the history, for as many moves as were settled together."""
    if not settled:
        return
    org_id = settled[0][0].org_id
    done = [
        (delivery, msgspec.convert(outcome.data, Moved))
        for delivery, outcome in settled
        if isinstance(outcome, Delivered)
    ]
    refused = [(delivery, outcome) for delivery, outcome in settled if isinstance(outcome, Refused)]
    accounts = [delivery.account_id for delivery, _ in done]
    await session.execute(LOCK_NUMBERS, {"org": str(org_id), "accounts": accounts})
    await repository.execute_for_each(
        session, repository.MOVED, org_id, [_make_ledger(one) for _, one in done]
    )
    for round_ in _take_turns([_make_attempt(*pair) for pair in done]):
        await repository.execute_for_each(session, KEEP_ATTEMPTS, org_id, round_)
    reports = [_make_report(*pair) for pair in refused]
    await repository.execute_for_each(session, repository.REPORT, org_id, reports)
    await session.execute(repository.TOUCH, {"org": org_id})


def _take_turns(attempts: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Each account's in their order, one of each account in a round."""
    rounds: list[list[dict[str, Any]]] = []
    seen: Counter[str] = Counter()
    for attempt in attempts:
        if seen[attempt["account"]] == len(rounds):
            rounds.append([])
        rounds[seen[attempt["account"]]].append(attempt)
        seen[attempt["account"]] += 1
    return rounds


def _make_ledger(moved: Moved) -> dict[str, Any]:
    wanted = ("row_id", "sha256", "md5", "size", "version", "document")
    return {name: getattr(moved, name) for name in wanted}


def _make_attempt(delivery: Delivery, moved: Moved) -> dict[str, Any]:
    row = moved.row
    is_decided = row.status in (RowStatus.VERIFIED, RowStatus.REJECTED)
    return {
        "id": repository.make_upload_id(delivery.org_id, moved.row_id),
        "customer": moved.customer_id,
        "account": delivery.account_id,
        "sha256": moved.sha256,
        "md5": moved.md5,
        "size": moved.size,
        "kind": moved.kind,
        "name": format_shown_name(row.file_name),
        "version": moved.version,
        "document": moved.document,
        "verdict": row.status.value if is_decided else None,
        "message": (row.message or row.note) if is_decided else None,
        "verdict_at": row.decided_at if is_decided else None,
        "submitted_at": row.submitted_at,
    }


def _make_report(delivery: Delivery, outcome: Refused) -> dict[str, Any]:
    payload = msgspec.convert(delivery.payload, MovePayload)
    return {
        "row_id": payload.row_id,
        "upload": delivery.id,
        "customer": payload.customer_id,
        "account": delivery.account_id,
        "reason": outcome.reason,
    }


async def _read_account(account_id: str, adapters: Adapters) -> AccountFacts | None:
    found = await adapters.salesforce.read_accounts([account_id], lane=Lane.BACKGROUND)
    return found[account_id]
