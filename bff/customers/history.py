"""What happened to a customer, for as long as the profile exists; rows are only ever added."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.audit import record
from bff.customers.rules import Changes, Profile
from bff.keyset import Place

INSERT = text(
    "INSERT INTO customer_history (org_id, id, customer_id, actor, change)"
    " VALUES (:org, :id, :customer, :actor, CAST(:change AS jsonb))"
)
LIST = text(
    "SELECT id, at, actor, change FROM customer_history WHERE org_id = :org AND customer_id = :customer"
    " AND (CAST(:at AS timestamptz) IS NULL OR (at, id) < (:at, :id)) ORDER BY at DESC, id DESC LIMIT :limit"
)


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`change` has `action` and, by field, `before` and `after`."""

    id: UUID
    at: datetime
    actor: str
    change: dict[str, Any]


async def write_down(
    session: AsyncSession, actor: str, profile: Profile, action: str, changes: Changes | None = None
) -> None:
    """In the customer's history with the values, and in the org's audit with the names of the fields alone.

    `profile` is the customer before the change.
    """
    changes = changes or {}
    before = {name: getattr(profile, name) for name in changes}
    change = msgspec.json.encode({"action": action, "before": before, "after": changes}).decode()
    values = {"org": profile.org_id, "id": uuid4(), "customer": profile.id, "actor": actor}
    await session.execute(INSERT, values | {"change": change})
    await record(
        session,
        org_id=profile.org_id,
        actor=actor,
        action=f"customer.{action}",
        subject=f"customer:{profile.id}",
        detail={"fields": sorted(changes)},
    )


async def list_history(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, after: Place | None, limit: int
) -> list[HistoryEntry]:
    """Newest first."""
    values = {"org": org_id, "customer": customer_id, "limit": limit}
    place = {"at": after.at if after else None, "id": after.id if after else None}
    return [HistoryEntry(**row._mapping) for row in await session.execute(LIST, values | place)]
