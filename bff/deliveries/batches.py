"""Many deliveries at once, for a process that makes thousands of them and tries each itself.

They are the same rows under the same rules as any other: one in flight for each account, settled once. What such a
process leaves behind, the sweep finds.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.deliveries.outcomes import Delivered, Delivery, DeliveryState, Refused, Retry, Unknown

# Sorted, so that two who lock several accounts never wait for each other in a circle.
LOCK_ACCOUNTS = text(
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(CAST(:org AS text) || account, 0) AS key"
    " FROM unnest(CAST(:accounts AS text[])) AS account ORDER BY key) AS keys"
)
# In our hands from the start, except behind an earlier promise of the account that still waits. What was refused once
# is tried anew: somebody has asked for it.
INSERT_CLAIMED = text(
    """
    INSERT INTO deliveries (org_id, id, kind, account_id, payload, claim, claimed_until, attempts, unknown, created_at)
    SELECT :org, new.id, :kind, new.account, CAST(new.payload AS jsonb),
        CASE WHEN busy THEN NULL ELSE CAST(:claim AS uuid) END,
        CASE WHEN busy THEN NULL ELSE clock_timestamp() + make_interval(secs => :lease_s) END,
        CASE WHEN busy THEN 0 ELSE 1 END, NOT busy, clock_timestamp() + make_interval(secs => new.place * 0.000001)
    FROM (
        SELECT given.*, EXISTS (
            SELECT FROM deliveries AS other WHERE other.org_id = :org AND other.account_id = given.account
                AND other.state IN ('waiting', 'parked')) AS busy
        FROM unnest(CAST(:ids AS uuid[]), CAST(:accounts AS text[]), CAST(:payloads AS text[]))
            WITH ORDINALITY AS given (id, account, payload, place)
    ) AS new
    ON CONFLICT (org_id, id) DO UPDATE SET state = 'waiting', reason = NULL, settled_at = NULL, claim = excluded.claim,
        claimed_until = excluded.claimed_until, unknown = excluded.unknown, created_at = excluded.created_at,
        attempts = excluded.attempts, next_attempt_at = clock_timestamp()
        WHERE deliveries.state = 'refused'
    RETURNING id, claim IS NOT NULL AS is_mine
    """
)
# One statement for all: a statement for each would cost more than what it does.
SETTLE = text(
    """
    UPDATE deliveries SET state = ended.state, salesforce_id = ended.salesforce_id, reason = ended.reason,
        unknown = false, claim = NULL, claimed_until = NULL, settled_at = now()
    FROM jsonb_to_recordset(CAST(:ended AS jsonb)) AS ended (id uuid, state text, salesforce_id text, reason text)
    WHERE deliveries.org_id = :org AND deliveries.id = ended.id AND deliveries.claim = :claim
        AND deliveries.state IN ('waiting', 'parked')
    """
)
POSTPONE = text(
    "UPDATE deliveries SET reason = :reason, unknown = :unknown, claim = NULL, claimed_until = NULL,"
    " next_attempt_at = clock_timestamp() + make_interval(secs => :after_s)"
    " WHERE org_id = :org AND id = :id AND claim = :claim AND state IN ('waiting', 'parked')"
)
RELEASE = text(
    "UPDATE deliveries SET claim = NULL, claimed_until = NULL, next_attempt_at = clock_timestamp()"
    " WHERE org_id = :org AND kind = :kind AND claim = :claim AND state IN ('waiting', 'parked')"
)
LIST_OPEN = text(
    "SELECT id FROM deliveries WHERE org_id = :org AND kind = :kind AND state IN ('waiting', 'parked')"
    " AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) ORDER BY created_at, id LIMIT :limit"
)
COUNT_LATE = text(
    "SELECT count(*) FROM deliveries WHERE org_id = :org AND state = 'waiting' AND NOT kind = ANY(:kinds)"
    " AND next_attempt_at < clock_timestamp() - make_interval(secs => :late_s)"
    " AND (claimed_until IS NULL OR claimed_until < clock_timestamp())"
)


class BatchItem(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    account_id: str
    payload: dict[str, Any]


async def insert_claimed(
    session: AsyncSession, *, org_id: UUID, kind: str, items: Sequence[BatchItem], claim: UUID, lease_s: float
) -> set[UUID]:
    """The ids that are ours to try now, each account's in the order given; the others wait for their turn."""
    if not items:
        return set()
    accounts = [item.account_id for item in items]
    await session.execute(LOCK_ACCOUNTS, {"org": str(org_id), "accounts": accounts})
    values = {"org": org_id, "kind": kind, "claim": claim, "lease_s": lease_s}
    values |= {"ids": [item.id for item in items], "accounts": accounts}
    values["payloads"] = [msgspec.json.encode(item.payload).decode() for item in items]
    return {row.id for row in await session.execute(INSERT_CLAIMED, values) if row.is_mine}


async def release(session: AsyncSession, *, org_id: UUID, kind: str, claim: UUID) -> int:
    """Give back what a process held that is known to be gone."""
    done = await session.execute(RELEASE, {"org": org_id, "kind": kind, "claim": claim})
    return int(done.rowcount)  # type: ignore[attr-defined]


async def list_open(session: AsyncSession, *, org_id: UUID, kind: str, limit: int) -> list[UUID]:
    """Unsettled and in nobody's hands, oldest first."""
    return list((await session.execute(LIST_OPEN, {"org": org_id, "kind": kind, "limit": limit})).scalars())


async def count_late(
    session: AsyncSession, *, org_id: UUID, beside_kinds: Sequence[str], late_s: float
) -> int:
    """Deliveries of all other kinds that nobody has in hand although they are due for so long."""
    values = {"org": org_id, "kinds": list(beside_kinds), "late_s": late_s}
    return int((await session.execute(COUNT_LATE, values)).scalar_one())


async def settle(
    session: AsyncSession,
    settled: Sequence[tuple[Delivery, Delivered | Refused]],
    *,
    org_id: UUID,
    claim: UUID,
) -> None:
    """Those that are no longer this claim's stay as they are: another process has taken over."""
    ended = [
        {
            "id": delivery.id,
            "state": DeliveryState.DELIVERED if isinstance(outcome, Delivered) else DeliveryState.REFUSED,
            "salesforce_id": outcome.salesforce_id if isinstance(outcome, Delivered) else None,
            "reason": outcome.reason if isinstance(outcome, Refused) else None,
        }
        for delivery, outcome in settled
    ]
    if ended:
        values = {"org": org_id, "claim": claim, "ended": msgspec.json.encode(ended).decode()}
        await session.execute(SETTLE, values)


async def postpone(
    session: AsyncSession,
    put_off: Sequence[tuple[Delivery, Retry | Unknown]],
    *,
    claim: UUID,
    after_s: float,
) -> None:
    """Back to everybody, to be tried after a while."""
    values = [
        {
            "org": delivery.org_id,
            "id": delivery.id,
            "claim": claim,
            "reason": outcome.reason,
            "unknown": isinstance(outcome, Unknown),
            "after_s": after_s,
        }
        for delivery, outcome in put_off
    ]
    if values:
        await session.execute(POSTPONE, values)
