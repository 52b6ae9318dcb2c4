"""The statements on `one_time_codes`. All run inside a transaction of the org."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.otp.keys import Binding
from bff.otp.rules import Sent, Target


class Scope(StrEnum):
    """Codes that belong together, by the column that says so."""

    PHONE = "phone"
    CALLER = "actor"


# Sends of one org take turns: each counts what the others sent. What is counted is read by later statements, which see
# what was committed meanwhile.
LOCK = text(
    "SELECT name, coalesce(sms_countries, ARRAY[region]) AS countries,"
    " pg_advisory_xact_lock(hashtextextended('one-time codes of ' || id::text, 0)) FROM orgs WHERE id = :org"
)
REPLACE = text(
    "UPDATE one_time_codes SET ended_at = :at WHERE org_id = :org AND phone = :phone AND purpose = :purpose"
    " AND actor = :actor AND ended_at IS NULL"
)
INSERT = text(
    "INSERT INTO one_time_codes (org_id, id, phone, block, country, purpose, actor, network, salt, digest, tries,"
    " sent_at, expires_at) VALUES (:org, :id, :phone, :block, :country, :purpose, :actor, :network, :salt, :digest,"
    " :tries, :sent_at, :expires_at)"
)
FIND_OPEN = text(
    "SELECT id, salt FROM one_time_codes WHERE org_id = :org AND phone = :phone AND purpose = :purpose"
    " AND actor = :actor AND ended_at IS NULL AND expires_at > :at"
)
# One statement decides and counts: of tries at the same time each waits for the one before and sees its count.
TRY = text(
    "UPDATE one_time_codes SET failures = failures + CASE WHEN digest = :digest THEN 0 ELSE 1 END,"
    " ended_at = CASE WHEN digest = :digest OR failures + 1 >= tries THEN CAST(:at AS timestamptz) END,"
    " entered_at = CASE WHEN digest = :digest THEN CAST(:at AS timestamptz) END,"
    " proof_digest = CASE WHEN digest = :digest THEN CAST(:proof_digest AS bytea) END,"
    " proof_expires_at = CASE WHEN digest = :digest THEN CAST(:proof_expires_at AS timestamptz) END"
    " WHERE org_id = :org AND id = :id AND ended_at IS NULL AND expires_at > :at"
    " RETURNING entered_at IS NOT NULL AS is_right, tries - failures AS tries_left"
)
FORGET = text("DELETE FROM one_time_codes WHERE org_id = :org AND sent_at < :before")

_LIST = (
    "SELECT sent_at, entered_at IS NOT NULL AS is_entered,"
    " CASE WHEN ended_at IS NULL AND expires_at > :now THEN tries ELSE failures END AS spent"
    " FROM one_time_codes WHERE org_id = :org AND {column} = :value AND sent_at > :since ORDER BY sent_at DESC"
)
LIST_SENT = {scope: text(_LIST.format(column=scope.value)) for scope in Scope}


class OrgRules(msgspec.Struct, frozen=True):
    """`countries` are those whose numbers the org sends codes to."""

    name: str
    countries: list[str]


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """`network` is where the request came from, None where that says nothing about who asks."""

    id: UUID
    binding: Binding
    target: Target
    network: str | None
    salt: bytes
    digest: bytes
    tries: int
    sent_at: datetime
    expires_at: datetime


class OpenCode(msgspec.Struct, frozen=True):
    id: UUID
    salt: bytes


class Tried(msgspec.Struct, frozen=True):
    is_right: bool
    tries_left: int


def _describe(binding: Binding) -> dict[str, Any]:
    return {
        "org": binding.org_id,
        "phone": binding.phone,
        "purpose": binding.purpose,
        "actor": binding.actor,
    }


async def lock_codes(session: AsyncSession, *, org_id: UUID) -> OrgRules:
    """Until the transaction ends nobody else sends codes in this org."""
    row = (await session.execute(LOCK, {"org": org_id})).one()
    return OrgRules(row.name, row.countries)


async def replace_open(session: AsyncSession, binding: Binding, *, at: datetime) -> None:
    """A newer code ends the one before."""
    await session.execute(REPLACE, _describe(binding) | {"at": at})


async def insert_code(session: AsyncSession, code: NewCode) -> None:
    values = msgspec.structs.asdict(code)
    del values["binding"], values["target"]
    places = {"block": code.target.block, "country": code.target.country}
    await session.execute(INSERT, values | places | _describe(code.binding))


async def find_open(session: AsyncSession, binding: Binding, *, at: datetime) -> OpenCode | None:
    row = (await session.execute(FIND_OPEN, _describe(binding) | {"at": at})).one_or_none()
    return OpenCode(row.id, bytes(row.salt)) if row else None


async def try_code(
    session: AsyncSession,
    *,
    org_id: UUID,
    code_id: UUID,
    digest: bytes,
    proof_digest: bytes,
    proof_expires_at: datetime,
    at: datetime,
) -> Tried | None:
    """None when another try has ended the code meanwhile; then this one was not looked at."""
    values = {"org": org_id, "id": code_id, "digest": digest, "at": at}
    values |= {"proof_digest": proof_digest, "proof_expires_at": proof_expires_at}
    row = (await session.execute(TRY, values)).one_or_none()
    return Tried(row.is_right, row.tries_left) if row else None


async def list_sent(
    session: AsyncSession, scope: Scope, value: str, *, org_id: UUID, since: datetime, now: datetime
) -> list[Sent]:
    """Newest first."""
    values = {"org": org_id, "value": value, "since": since, "now": now}
    rows = await session.execute(LIST_SENT[scope], values)
    return [Sent(sent_at=row.sent_at, is_entered=row.is_entered, spent=row.spent) for row in rows]


async def forget_codes(session: AsyncSession, *, org_id: UUID, now: datetime, age: timedelta) -> int:
    """How many rows went."""
    gone = await session.execute(FORGET, {"org": org_id, "before": now - age})
    return int(gone.rowcount)  # type: ignore[attr-defined]
