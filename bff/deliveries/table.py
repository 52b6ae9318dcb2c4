"""The statements on `deliveries`. All run inside a transaction of the delivery's org."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.deliveries.outcomes import Delivery, DeliveryState
from bff.deliveries.rules import NextTry

INSERT = text(
    "INSERT INTO deliveries (org_id, id, kind, account_id, payload)"
    " VALUES (:org, :id, :kind, :account, CAST(:payload AS jsonb))"
)

READ_STATE = text("SELECT state FROM deliveries WHERE org_id = :org AND id = :id")

# Two claimants for one account take turns here; the second one's statement then sees the first one's claim.
LOCK_ACCOUNT = text(
    "SELECT kind, pg_advisory_xact_lock(hashtextextended(org_id::text || account_id, 0))"
    " FROM deliveries WHERE org_id = :org AND id = :id"
)

# A live claim on the account, or an earlier promise that still waits, keeps this one back. `unknown` is set from
# now on: if this process dies, what it has sent may have taken effect.
CLAIM = text(
    """
    UPDATE deliveries AS mine
    SET claim = :claim, claimed_until = clock_timestamp() + make_interval(secs => :lease_s),
        attempts = mine.attempts + 1, unknown = true
    FROM (SELECT org_id, id, unknown FROM deliveries WHERE org_id = :org AND id = :id FOR UPDATE) AS before
    WHERE mine.org_id = before.org_id AND mine.id = before.id
      AND mine.state IN ('waiting', 'parked')
      AND (mine.claimed_until IS NULL OR mine.claimed_until < clock_timestamp())
      AND (NOT :only_due OR mine.next_attempt_at <= clock_timestamp())
      AND NOT EXISTS (
          SELECT FROM deliveries AS other
          WHERE other.org_id = mine.org_id AND other.account_id = mine.account_id AND other.id <> mine.id
            AND other.state IN ('waiting', 'parked')
            AND (other.claimed_until > clock_timestamp()
                 OR (other.state = 'waiting' AND (other.created_at, other.id) < (mine.created_at, mine.id)))
      )
    RETURNING mine.org_id, mine.id, mine.kind, mine.account_id, mine.payload, mine.state, mine.attempts,
        before.unknown, mine.reason, mine.salesforce_id, mine.created_at
    """
)

SETTLE = text(
    "UPDATE deliveries SET state = :state, salesforce_id = :salesforce_id, reason = :reason, unknown = false,"
    " claim = NULL, claimed_until = NULL, settled_at = now()"
    " WHERE org_id = :org AND id = :id AND claim = :claim AND state IN ('waiting', 'parked')"
)

POSTPONE = text(
    "UPDATE deliveries SET state = :state, reason = :reason, unknown = :unknown, claim = NULL, claimed_until = NULL,"
    " next_attempt_at = clock_timestamp() + make_interval(secs => :after_s)"
    " WHERE org_id = :org AND id = :id AND claim = :claim AND state IN ('waiting', 'parked')"
)

FIND_FOLLOWER = text(
    "SELECT id FROM deliveries WHERE org_id = :org AND account_id = :account AND state = 'waiting'"
    " ORDER BY created_at, id LIMIT 1"
)

READ_DUE_IN = text(
    "SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float FROM deliveries"
    " WHERE org_id = :org AND id = :id AND state IN ('waiting', 'parked')"
)

LIST_OVERDUE = text(
    "SELECT DISTINCT ON (account_id) id FROM deliveries"
    " WHERE org_id = :org AND state IN ('waiting', 'parked')"
    "   AND next_attempt_at < clock_timestamp() - make_interval(secs => :late_s)"
    "   AND (claimed_until IS NULL OR claimed_until < clock_timestamp())"
    " ORDER BY account_id, created_at, id LIMIT 500"
)


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this process alone may try until the lease runs out."""

    delivery: Delivery
    claim: UUID


async def insert(
    session: AsyncSession, *, org_id: UUID, op_id: UUID, kind: str, account_id: str, payload: dict[str, Any]
) -> None:
    encoded = msgspec.json.encode(payload).decode()
    values = {"org": org_id, "id": op_id, "kind": kind, "account": account_id, "payload": encoded}
    await session.execute(INSERT, values)


async def lock_account(session: AsyncSession, org_id: UUID, op_id: UUID) -> str:
    """Until the transaction ends nobody else claims for this account; the delivery's kind.

    Raises sqlalchemy.exc.NoResultFound when it was never promised.
    """
    row = (await session.execute(LOCK_ACCOUNT, {"org": org_id, "id": op_id})).one()
    return str(row.kind)


async def claim(
    session: AsyncSession, org_id: UUID, op_id: UUID, *, token: UUID, lease_s: float, only_due: bool
) -> Claimed | None:
    """After `lock_account`. None when it is settled, not due, claimed, or waits for the account's earlier one."""
    values = {"org": org_id, "id": op_id, "claim": token, "lease_s": lease_s, "only_due": only_due}
    row = (await session.execute(CLAIM, values)).one_or_none()
    return Claimed(make_delivery(row), token) if row else None


def make_delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    return Delivery(**values | {"state": DeliveryState(values["state"])})


async def settle(
    session: AsyncSession,
    claimed: Claimed,
    state: DeliveryState,
    *,
    salesforce_id: str | None,
    reason: str | None,
) -> bool:
    """False when the lease ran out and another process has taken over: then nothing is written."""
    delivery = claimed.delivery
    values = {"org": delivery.org_id, "id": delivery.id, "claim": claimed.claim, "state": state}
    done = await session.execute(SETTLE, values | {"salesforce_id": salesforce_id, "reason": reason})
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def postpone(
    session: AsyncSession, claimed: Claimed, plan: NextTry, *, reason: str, unknown: bool
) -> bool:
    delivery = claimed.delivery
    values = {"org": delivery.org_id, "id": delivery.id, "claim": claimed.claim, "state": plan.state}
    values |= {"after_s": plan.after_s, "reason": reason, "unknown": unknown}
    return bool((await session.execute(POSTPONE, values)).rowcount)  # type: ignore[attr-defined]


async def read_state(session: AsyncSession, org_id: UUID, op_id: UUID) -> DeliveryState:
    """Raises sqlalchemy.exc.NoResultFound when it was never promised."""
    return DeliveryState((await session.execute(READ_STATE, {"org": org_id, "id": op_id})).scalar_one())


async def find_follower(session: AsyncSession, delivery: Delivery) -> UUID | None:
    """The account's next waiting delivery."""
    values = {"org": delivery.org_id, "account": delivery.account_id}
    found: UUID | None = (await session.execute(FIND_FOLLOWER, values)).scalar_one_or_none()
    return found


async def find_due_in_s(session: AsyncSession, org_id: UUID, op_id: UUID) -> float | None:
    """Seconds until the next try, negative when overdue; None when it is settled."""
    values = {"org": org_id, "id": op_id}
    found: float | None = (await session.execute(READ_DUE_IN, values)).scalar_one_or_none()
    return found


async def list_overdue(session: AsyncSession, org_id: UUID, *, late_s: float) -> list[UUID]:
    """The first of each account that should have been tried `late_s` ago and is in nobody's hands."""
    return list((await session.execute(LIST_OVERDUE, {"org": org_id, "late_s": late_s})).scalars())
