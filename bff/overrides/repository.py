"""The statements on `gate_overrides`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.overrides.rules import Override, Overrides
from sf_sync.objects.offer import ProductType

LIST_OPEN = text(
    "SELECT id, product_type, ends_at FROM gate_overrides"
    " WHERE org_id = :org AND account_id = :account AND ended_at IS NULL AND ends_at > now()"
    " ORDER BY created_at, id"
)
LIST = text(
    "SELECT id, account_id, product_type, reason, created_at, created_by, ends_at, ended_at, ended_by"
    " FROM gate_overrides WHERE org_id = :org AND account_id = :account ORDER BY created_at DESC, id DESC LIMIT 100"
)
INSERT = text(
    "INSERT INTO gate_overrides (org_id, id, account_id, product_type, reason, created_at, created_by, ends_at)"
    " VALUES (:org_id, :id, :account_id, :product_type, :reason, :created_at, :created_by, :ends_at)"
)
END = text(
    "UPDATE gate_overrides SET ended_at = coalesce(ended_at, :at), ended_by = coalesce(ended_by, :actor)"
    " WHERE org_id = :org AND id = :id RETURNING account_id, ended_at = :at AS is_ended_now"
)
KNOWS_ACCOUNT = text("SELECT EXISTS (SELECT FROM customers WHERE org_id = :org AND account_id = :account)")


class OverrideRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One override with its history. `created_by` and `ended_by` are actors."""

    id: UUID
    account_id: str
    product_type: ProductType
    reason: str
    created_at: datetime
    created_by: str
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


async def get_overrides(session: AsyncSession, org_id: UUID, account_id: str) -> Overrides:
    rows = await session.execute(LIST_OPEN, {"org": org_id, "account": account_id})
    return Overrides(
        tuple(
            Override(id=row.id, product_type=ProductType(row.product_type), ends_at=row.ends_at)
            for row in rows
        )
    )


async def list_overrides(session: AsyncSession, *, org_id: UUID, account_id: str) -> list[OverrideRecord]:
    """Newest first, ended ones too."""
    rows = await session.execute(LIST, {"org": org_id, "account": account_id})
    return [_make_record(row) for row in rows]


def _make_record(row: Row[Any]) -> OverrideRecord:
    values = dict(row._mapping)
    return OverrideRecord(**values | {"product_type": ProductType(values["product_type"])})


async def insert_override(session: AsyncSession, *, org_id: UUID, record: OverrideRecord) -> None:
    await session.execute(INSERT, {"org_id": org_id, **msgspec.structs.asdict(record)})


async def end_override(
    session: AsyncSession, *, org_id: UUID, override_id: UUID, actor: str, at: datetime
) -> tuple[str, bool] | None:
    """The account, and whether it was this call that ended it; None when there is no such override."""
    values = {"org": org_id, "id": override_id, "actor": actor, "at": at}
    row = (await session.execute(END, values)).one_or_none()
    return (row.account_id, row.is_ended_now) if row else None


async def knows_account(session: AsyncSession, *, org_id: UUID, account_id: str) -> bool:
    """Whether a customer of the org has this account."""
    found: bool = (await session.execute(KNOWS_ACCOUNT, {"org": org_id, "account": account_id})).scalar_one()
    return found
