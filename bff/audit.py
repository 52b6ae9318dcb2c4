"""Who did what to what, written in the transaction that does it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

INSERT = text(
    "INSERT INTO audit (org_id, id, actor, action, subject, detail)"
    " VALUES (:org, :id, :actor, :action, :subject, CAST(:detail AS jsonb))"
)

INSERT_EACH = text(
    "INSERT INTO audit (org_id, id, actor, action, subject, detail)"
    " SELECT :org, gen_random_uuid(), :actor, :action, subject, CAST(:detail AS jsonb)"
    " FROM unnest(CAST(:subjects AS text[])) AS subject"
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


async def record_each(
    session: AsyncSession,
    *,
    org_id: UUID,
    actor: str,
    action: str,
    subjects: Sequence[str],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """The same of several subjects, a line for each."""
    values = {"org": org_id, "actor": actor, "action": action, "subjects": list(subjects)}
    await session.execute(INSERT_EACH, values | {"detail": msgspec.json.encode(detail or {}).decode()})
