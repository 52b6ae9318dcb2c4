"""What an org says of numbers: which are its operators' own, and how many customers may share one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.phones.rules import mask_phone

USUAL_SHARED_ABOVE = 5
SHARED_ABOVE = (
    f"coalesce((SELECT shared_above FROM phone_settings WHERE org_id = :org), {USUAL_SHARED_ABOVE})"  # noqa: S608
)
"""SQL: a number of more customers than this is hinted at, for a review of fraud."""

ADD = text(
    "INSERT INTO operator_phones (org_id, phone, label) VALUES (:org, :phone, :label)"
    " ON CONFLICT (org_id, phone) DO NOTHING"
)
REMOVE = text("DELETE FROM operator_phones WHERE org_id = :org AND phone = :phone")
LIST = text("SELECT phone, label, created_at FROM operator_phones WHERE org_id = :org ORDER BY label, phone")
SAVE_SHARED_ABOVE = text(
    "INSERT INTO phone_settings (org_id, shared_above) VALUES (:org, :shared_above)"
    " ON CONFLICT (org_id) DO UPDATE SET shared_above = excluded.shared_above"
)


class OperatorPhone(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the org or its staff, such as a call centre's: it never becomes a customer's."""

    phone: str
    label: str
    created_at: datetime

    def __repr__(self) -> str:
        return f"OperatorPhone({mask_phone(self.phone)!r})"


async def add_operator_phone(session: AsyncSession, *, org_id: UUID, phone: str, label: str) -> bool:
    """False when it is one already."""
    done = await session.execute(ADD, {"org": org_id, "phone": phone, "label": label})
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def remove_operator_phone(session: AsyncSession, *, org_id: UUID, phone: str) -> bool:
    done = await session.execute(REMOVE, {"org": org_id, "phone": phone})
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def list_operator_phones(session: AsyncSession, *, org_id: UUID) -> Sequence[OperatorPhone]:
    return [OperatorPhone(**row._mapping) for row in await session.execute(LIST, {"org": org_id})]


async def save_shared_above(session: AsyncSession, *, org_id: UUID, shared_above: int) -> None:
    """From 1 to 1,000 customers."""
    await session.execute(SAVE_SHARED_ABOVE, {"org": org_id, "shared_above": shared_above})
