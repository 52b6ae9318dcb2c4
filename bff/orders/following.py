"""Orders that follow a document's review: which there are, and what a look at the account makes of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.orders.rules import OrderState, Review, Step

PICK_ACCOUNTS = text(
    "SELECT DISTINCT account_id FROM orders WHERE org_id = :org AND review = 'open' AND account_id = ANY(:accounts)"
)
LIST_ACCOUNTS = text(
    "SELECT DISTINCT account_id FROM orders WHERE org_id = :org AND review = 'open' AND account_id > :after"
    " ORDER BY account_id LIMIT :limit"
)
LOCK_ORDERS = text(
    "SELECT id, state FROM orders WHERE org_id = :org AND account_id = :account AND review = 'open'"
    " AND state IN ('placed', 'on_hold') ORDER BY placed_at, id FOR UPDATE"
)
APPLY = text(
    "UPDATE orders SET state = :state, review = :review, hold_code = :hold_code,"
    " held_at = CASE WHEN :state = 'on_hold' THEN CAST(:at AS timestamptz) END WHERE org_id = :org AND id = :id"
)


class FollowedOrder(msgspec.Struct, frozen=True):
    id: UUID
    state: OrderState


async def pick_followed_accounts(session: AsyncSession, *, org_id: UUID, among: Sequence[str]) -> list[str]:
    """Those of the accounts that have orders whose review is open."""
    return list((await session.execute(PICK_ACCOUNTS, {"org": org_id, "accounts": list(among)})).scalars())


async def list_followed_accounts(session: AsyncSession, *, org_id: UUID, after: str, limit: int) -> list[str]:
    """All of them, page after page; the first is after the empty id."""
    values = {"org": org_id, "after": after, "limit": limit}
    return list((await session.execute(LIST_ACCOUNTS, values)).scalars())


async def lock_followed_orders(
    session: AsyncSession, *, org_id: UUID, account_id: str
) -> list[FollowedOrder]:
    """Until the transaction ends nobody else holds or releases them."""
    rows = await session.execute(LOCK_ORDERS, {"org": org_id, "account": account_id})
    return [FollowedOrder(row.id, OrderState(row.state)) for row in rows]


async def apply_step(
    session: AsyncSession, *, org_id: UUID, order_id: UUID, step: Step, hold_code: str | None, at: datetime
) -> None:
    is_held = step is Step.HOLD
    values = {"org": org_id, "id": order_id, "at": at, "hold_code": hold_code if is_held else None}
    values["state"] = OrderState.ON_HOLD if is_held else OrderState.PLACED
    values["review"] = Review.OPEN if is_held else Review.SETTLED
    await session.execute(APPLY, values)
