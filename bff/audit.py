"""Who did what to what, written in the transaction that does it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

INSERT = text(
    "INSERT INTO audit (org_id, id, actor, action, subject, detail)"
    " VALUES (:org, :id, :actor, :action, :subject, CAST(:detail AS jsonb))"
)


async def record(
    session: AsyncSession,
    *,
    org_id: UUID,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """`action` is a past event such as `eligibility.requested`; `detail` holds no phone, code, token or file name."""
    values = {
        "org": org_id,
        "id": uuid4(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": msgspec.json.encode(detail or {}).decode(),
    }
    await session.execute(INSERT, values)
