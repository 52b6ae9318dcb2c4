"""Attempts and the sealed documents that wait; all inside a transaction of the attempt's org."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.safekeeping.sealing import Envelope
from bff.verification.rules import AttemptSeen, LocalPicture

# The number is read and used under the account's lock, so that two uploads at once get two numbers.
LOCK_ACCOUNT = text("SELECT pg_advisory_xact_lock(hashtextextended('verification' || :org || :account, 0))")

NEXT_NUMBER = text(
    "SELECT coalesce(max(number), 0) + 1 FROM verification_attempts WHERE org_id = :org AND account_id = :account"
)

INSERT = text(
    "INSERT INTO verification_attempts (org_id, id, customer_id, account_id, number, sha256, stored_md5, size, kind,"
    " shown_name, context, submitted_at) VALUES (:org_id, :id, :customer_id, :account_id, :number, :sha256,"
    " :stored_md5, :size, :kind, :shown_name, :context, :submitted_at)"
)

# An attempt that Salesforce does not have yet is overtaken by the next one: only the newest is worth delivering, but
# one that is on its way already arrives first and becomes an earlier version.
FIND_NEWEST = text(
    "SELECT id, number, shown_name, size, submitted_at, settled_at AS stored_at FROM verification_attempts"
    " WHERE org_id = :org AND account_id = :account AND state IN ('waiting', 'delivered')"
    " ORDER BY number DESC LIMIT 1"
)

FIND_SAME = text(
    "SELECT id, number, shown_name, size, submitted_at, settled_at AS stored_at FROM verification_attempts"
    " WHERE org_id = :org AND account_id = :account AND state IN ('waiting', 'delivered') AND sha256 = :sha256"
    " AND number = (SELECT max(number) FROM verification_attempts WHERE org_id = :org AND account_id = :account)"
)

LIST = text(
    "SELECT id, number, sha256, size, kind, shown_name, state, version_id, document_id, verdict, verdict_message,"
    " verdict_at, submitted_at, settled_at FROM verification_attempts"
    " WHERE org_id = :org AND account_id = :account ORDER BY number DESC LIMIT :limit"
)

SETTLE = text(
    "UPDATE verification_attempts SET state = :state, version_id = :version, document_id = :document, settled_at = :at"
    " WHERE org_id = :org AND id = :id"
)

RECORD_VERDICT = text(
    "UPDATE verification_attempts SET verdict = :verdict, verdict_message = :message, verdict_at = :at"
    " WHERE org_id = :org AND version_id = :version AND verdict IS NULL"
)

# A parked delivery lets later ones of its account pass; after them it would put the older document in front.
IS_OVERTAKEN = text(
    "SELECT EXISTS (SELECT FROM verification_attempts AS mine JOIN verification_attempts AS newer"
    " ON newer.org_id = mine.org_id AND newer.account_id = mine.account_id AND newer.number > mine.number"
    " WHERE mine.org_id = :org AND mine.id = :id AND newer.state = 'delivered' AND newer.version_id IS NOT NULL)"
)

GET_MD5 = text("SELECT stored_md5 FROM verification_attempts WHERE org_id = :org AND id = :id")

KEEP = text(
    "INSERT INTO document_outbox (org_id, attempt_id, key_id, wrapped_key)"
    " VALUES (:org, :attempt, :key_id, :wrapped)"
)
KEEP_PART = text(
    "INSERT INTO document_parts (org_id, attempt_id, number, ciphertext)"
    " VALUES (:org, :attempt, :number, :ciphertext)"
)
FIND_ENVELOPE = text(
    "SELECT key_id, wrapped_key AS wrapped, (SELECT count(*) FROM document_parts p"
    " WHERE p.org_id = o.org_id AND p.attempt_id = o.attempt_id) AS parts"
    " FROM document_outbox o WHERE org_id = :org AND attempt_id = :attempt"
)
FIND_PART = text(
    "SELECT ciphertext FROM document_parts WHERE org_id = :org AND attempt_id = :attempt AND number = :number"
)
DROP = text("DELETE FROM document_outbox WHERE org_id = :org AND attempt_id = :attempt")


class NewAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """`sha256` and `size` are of what the customer sent; `stored_md5` of what is stored after rebuilding."""

    org_id: UUID
    id: UUID
    customer_id: UUID
    account_id: str
    number: int
    sha256: str
    stored_md5: str
    size: int
    kind: str
    shown_name: str
    context: str
    submitted_at: datetime


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history."""

    id: UUID
    number: int
    sha256: str
    size: int
    kind: str
    shown_name: str
    state: str
    version_id: str | None
    document_id: str | None
    verdict: str | None
    verdict_message: str | None
    verdict_at: datetime | None
    submitted_at: datetime
    settled_at: datetime | None


async def get_next_number(session: AsyncSession, *, org_id: UUID, account_id: str) -> int:
    """Holds the account's lock until the transaction ends."""
    await session.execute(LOCK_ACCOUNT, {"org": str(org_id), "account": account_id})
    number: int = (await session.execute(NEXT_NUMBER, {"org": org_id, "account": account_id})).scalar_one()
    return number


async def insert_attempt(session: AsyncSession, attempt: NewAttempt, envelope: Envelope) -> None:
    """Its document follows with `insert_part`, in the same transaction."""
    await session.execute(INSERT, msgspec.structs.asdict(attempt))
    values = {"org": attempt.org_id, "attempt": attempt.id, "key_id": envelope.key_id}
    await session.execute(KEEP, values | {"wrapped": envelope.wrapped})


async def insert_part(session: AsyncSession, attempt: NewAttempt, number: int, sealed: bytes) -> None:
    values = {"org": attempt.org_id, "attempt": attempt.id, "number": number, "ciphertext": sealed}
    await session.execute(KEEP_PART, values)


async def insert_kept_attempt(session: AsyncSession, attempt: NewAttempt) -> None:
    """One whose document lies elsewhere already, so that nothing waits for delivery."""
    await session.execute(INSERT, msgspec.structs.asdict(attempt))
    stored: dict[str, Any] = {"org": attempt.org_id, "id": attempt.id, "at": attempt.submitted_at}
    await session.execute(SETTLE, stored | {"state": "delivered", "version": None, "document": None})


async def get_picture(session: AsyncSession, org_id: UUID, account_id: str) -> LocalPicture:
    row = (await session.execute(FIND_NEWEST, {"org": org_id, "account": account_id})).one_or_none()
    return LocalPicture(attempt=AttemptSeen(**row._mapping) if row else None)


async def find_repetition(
    session: AsyncSession, *, org_id: UUID, account_id: str, sha256: str
) -> AttemptSeen | None:
    """The newest attempt, when it is of the same bytes."""
    values = {"org": org_id, "account": account_id, "sha256": sha256}
    row = (await session.execute(FIND_SAME, values)).one_or_none()
    return AttemptSeen(**row._mapping) if row else None


async def list_attempts(
    session: AsyncSession, *, org_id: UUID, account_id: str, limit: int = 100
) -> list[Attempt]:
    rows = await session.execute(LIST, {"org": org_id, "account": account_id, "limit": limit})
    return [Attempt(**row._mapping) for row in rows]


async def is_overtaken(session: AsyncSession, *, org_id: UUID, attempt_id: UUID) -> bool:
    """Whether Salesforce holds a later document of the same account already."""
    return bool((await session.execute(IS_OVERTAKEN, {"org": org_id, "id": attempt_id})).scalar_one())


async def get_stored_md5(session: AsyncSession, *, org_id: UUID, attempt_id: UUID) -> str:
    md5: str = (await session.execute(GET_MD5, {"org": org_id, "id": attempt_id})).scalar_one()
    return md5


async def find_envelope(
    session: AsyncSession, *, org_id: UUID, attempt_id: UUID
) -> tuple[Envelope, int] | None:
    """With the number of the document's parts."""
    row = (await session.execute(FIND_ENVELOPE, {"org": org_id, "attempt": attempt_id})).one_or_none()
    return (Envelope(key_id=row.key_id, wrapped=bytes(row.wrapped)), row.parts) if row else None


async def find_part(session: AsyncSession, *, org_id: UUID, attempt_id: UUID, number: int) -> bytes | None:
    values = {"org": org_id, "attempt": attempt_id, "number": number}
    part: bytes | None = (await session.execute(FIND_PART, values)).scalar_one_or_none()
    return part


async def settle_attempt(
    session: AsyncSession, *, org_id: UUID, attempt_id: UUID, state: str, stored: dict[str, Any], at: datetime
) -> None:
    """The document goes in the same transaction: Salesforce holds it, or never will."""
    values = {"org": org_id, "id": attempt_id, "state": state, "at": at}
    values |= {"version": stored.get("version"), "document": stored.get("document")}
    await session.execute(SETTLE, values)
    await session.execute(DROP, {"org": org_id, "attempt": attempt_id})


async def record_verdict(
    session: AsyncSession, *, org_id: UUID, version_id: str, verdict: str, message: str | None, at: datetime
) -> None:
    """Kept with the attempt it was about, before a new upload clears it from the account."""
    values = {"org": org_id, "version": version_id, "verdict": verdict, "message": message, "at": at}
    await session.execute(RECORD_VERDICT, values)
