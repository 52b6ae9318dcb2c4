"""Numbers of orders become links of their customers: by a job after each order, and by a backfill of past ones.

Each order counts once, however often it is come to: `orders.phone_seen_at` is set in the transaction that counts it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from procrastinate import JobContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.jobs import JitteredRetry, Jobs, tasks
from bff.phones import LinkOutcome, LinkSource, PhoneNotValid, link_phone

TASK = "see_order_phone"

_PLACED = "state IN ('placed', 'on_hold')"
TAKE = text(
    "UPDATE orders SET phone_seen_at = now() WHERE org_id = :org AND id = ANY(:ids) AND phone_seen_at IS NULL"  # noqa: S608
    f" AND {_PLACED} RETURNING customer_id, delivery ->> 'phone' AS phone, placed_at"
)
BEGIN = text(
    "INSERT INTO phone_backfills (org_id, started_at) VALUES (:org, :at) ON CONFLICT (org_id) DO NOTHING"
)
FORGET = text("DELETE FROM phone_backfills WHERE org_id = :org")
LOCK = text(
    "SELECT position_at, position_id, seen, linked, passed_over, finished_at FROM phone_backfills"
    " WHERE org_id = :org FOR UPDATE"
)
SAVE = text(
    "UPDATE phone_backfills SET position_at = :position_at, position_id = :position_id, seen = :seen,"
    " linked = :linked, passed_over = :passed_over, finished_at = :finished_at WHERE org_id = :org"
)
_AFTER = (
    "(CAST(:at AS timestamptz) IS NULL OR (placed_at, id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))"
)
LIST = text(
    f"SELECT id, placed_at FROM orders WHERE org_id = :org AND {_PLACED} AND {_AFTER}"  # noqa: S608
    " ORDER BY placed_at, id LIMIT :limit"
)
COUNT = text(f"SELECT count(*) FROM orders WHERE org_id = :org AND {_PLACED} AND {_AFTER}")  # noqa: S608


class BackfillState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the backfill of an org stands: the last order that it came to, and what came of those until there."""

    position_at: datetime | None = None
    position_id: UUID | None = None
    seen: int = 0
    linked: int = 0
    passed_over: int = 0
    finished_at: datetime | None = None


async def promise_phone_use(
    session: AsyncSession, jobs: Jobs, *, org_id: UUID, order_id: UUID, phone: str | None
) -> None:
    """In the transaction that places the order; nothing for an order without a number."""
    if phone is not None:
        await jobs.defer(session, TASK, arguments={"org_id": str(org_id), "order_id": str(order_id)})


@tasks.task(name=TASK, pass_context=True, retry=JitteredRetry())
async def see_order_phone(context: JobContext, org_id: str, order_id: str) -> None:
    adapters: Adapters = context.additional_context["adapters"]
    async with adapters.database.transaction(UUID(org_id)) as session:
        await count_uses(session, org_id=UUID(org_id), order_ids=[UUID(order_id)])


async def count_uses(
    session: AsyncSession, *, org_id: UUID, order_ids: Sequence[UUID]
) -> list[LinkOutcome | None]:
    """What came of each order that had not been counted; None where it names no number that can be one."""
    taken = await session.execute(TAKE, {"org": org_id, "ids": list(order_ids)})
    outcomes: list[LinkOutcome | None] = []
    for row in sorted(taken, key=lambda row: row.placed_at):
        try:
            outcome = row.phone and await link_phone(
                session,
                org_id=org_id,
                phone=row.phone,
                customer_id=row.customer_id,
                source=LinkSource.ORDER,
                verified=False,
                at=row.placed_at,
            )
        except PhoneNotValid:
            outcome = None
        outcomes.append(outcome)
    return outcomes


async def count_left(session: AsyncSession, *, org_id: UUID, state: BackfillState) -> int:
    """The orders that the backfill has yet to come to."""
    values = {"org": org_id, "at": state.position_at, "id": state.position_id}
    return int((await session.execute(COUNT, values)).scalar_one())


async def begin_backfill(
    session: AsyncSession, *, org_id: UUID, at: datetime, anew: bool = False
) -> BackfillState:
    """Where the last one stopped; from the first order when there was none, or `anew`."""
    if anew:
        await session.execute(FORGET, {"org": org_id})
    await session.execute(BEGIN, {"org": org_id, "at": at})
    return await _lock(session, org_id)


async def advance_backfill(session: AsyncSession, *, org_id: UUID, batch: int, at: datetime) -> BackfillState:
    """One batch. Its links, its marks and the position are the session's one transaction.

    Two at once take turns.
    """
    state = await _lock(session, org_id)
    values = {"org": org_id, "at": state.position_at, "id": state.position_id, "limit": batch}
    rows = list(await session.execute(LIST, values))
    if rows:
        order_ids = [row.id for row in rows]
        outcomes = await count_uses(session, org_id=org_id, order_ids=order_ids)
        linked = sum(outcome in (LinkOutcome.CREATED, LinkOutcome.REFRESHED) for outcome in outcomes)
        state = BackfillState(
            position_at=rows[-1].placed_at,
            position_id=rows[-1].id,
            seen=state.seen + len(rows),
            linked=state.linked + linked,
            passed_over=state.passed_over + len(rows) - linked,
        )
    if len(rows) < batch:
        state = msgspec.structs.replace(state, finished_at=at)
    await session.execute(SAVE, {"org": org_id, **msgspec.structs.asdict(state)})
    return state


async def _lock(session: AsyncSession, org_id: UUID) -> BackfillState:
    return BackfillState(**(await session.execute(LOCK, {"org": org_id})).one()._mapping)
