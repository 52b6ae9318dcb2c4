"""The statements on `orders`. All run inside a transaction of the order's org."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.keyset import Place
from bff.orders.rules import Delivery, Line, OrderState, Review

_COLUMNS = (
    "id, customer_id, account_id, digest, state,"
    " claim IS NOT NULL AND claimed_until > clock_timestamp() AS is_claimed, submit_by, currency, total, lines,"
    " delivery, salesforce_id, review, hold_code, held_at, answer, created_at, placed_at"
)

INSERT = text(
    "INSERT INTO orders (org_id, id, customer_id, account_id, digest, claim, claimed_until, submit_by, currency, total,"
    " lines, delivery) VALUES (:org, :id, :customer, :account, :digest, :claim,"
    " clock_timestamp() + make_interval(secs => :lease_s), :submit_by, :currency, :total, CAST(:lines AS jsonb),"
    " CAST(:delivery AS jsonb)) ON CONFLICT (org_id, id) DO NOTHING"
)
GET = text(f"SELECT {_COLUMNS} FROM orders WHERE org_id = :org AND id = :id")  # noqa: S608
LOCK = text(f"SELECT {_COLUMNS} FROM orders WHERE org_id = :org AND id = :id FOR UPDATE")  # noqa: S608
FIND_DOUBTFUL = text(
    "SELECT id FROM orders WHERE org_id = :org AND customer_id = :customer AND digest = :digest"
    " AND state IN ('deciding', 'unknown') ORDER BY created_at LIMIT 1"
)
TAKE = text(
    "UPDATE orders SET claim = :claim, claimed_until = clock_timestamp() + make_interval(secs => :lease_s)"
    " WHERE org_id = :org AND id = :id"
)
RENEW = text(
    "UPDATE orders SET state = 'deciding', submit_by = :submit_by, currency = :currency, total = :total,"
    " lines = CAST(:lines AS jsonb), delivery = CAST(:delivery AS jsonb)"
    " WHERE org_id = :org AND id = :id AND claim = :claim"
)
PLACE = text(
    "UPDATE orders SET state = 'placed', salesforce_id = :salesforce_id, review = :review, answer = :answer,"
    " placed_at = :at, claim = NULL, claimed_until = NULL"
    " WHERE org_id = :org AND id = :id AND claim = :claim AND state IN ('deciding', 'unknown')"
)
# One in doubt is asked for when Salesforce can no longer accept it.
CLOSE = text(
    "UPDATE orders SET state = :state, claim = NULL, claimed_until ="
    " CASE WHEN :state = 'unknown' THEN submit_by + make_interval(secs => :margin_s) END"
    " WHERE org_id = :org AND id = :id AND claim = :claim AND state IN ('deciding', 'unknown')"
)
LIST = text(
    f"SELECT {_COLUMNS} FROM orders WHERE org_id = :org AND customer_id = :customer"  # noqa: S608
    " AND state IN ('placed', 'on_hold')"
    " AND (CAST(:at AS timestamptz) IS NULL OR (placed_at, id) < (:at, :id))"
    " ORDER BY placed_at DESC, id DESC LIMIT :limit"
)
LIST_DOUBTFUL = text(
    "SELECT id FROM orders WHERE org_id = :org AND state IN ('deciding', 'unknown')"
    " AND claimed_until < clock_timestamp() ORDER BY claimed_until LIMIT 200"
)


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One order as it is kept. `answer` is the finished JSON that its submission was answered with."""

    id: UUID
    customer_id: UUID
    account_id: str
    digest: bytes
    state: OrderState
    is_claimed: bool
    submit_by: datetime
    currency: str
    total: Decimal
    lines: tuple[Line, ...]
    delivery: Delivery | None
    salesforce_id: str | None
    review: Review | None
    hold_code: str | None
    held_at: datetime | None
    answer: bytes | None
    created_at: datetime
    placed_at: datetime | None


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of an order before Salesforce is asked."""

    id: UUID
    org_id: UUID
    customer_id: UUID
    account_id: str
    digest: bytes
    submit_by: datetime
    currency: str
    total: Decimal
    lines: tuple[Line, ...]
    delivery: Delivery | None


def make_order_row(row: Row[Any]) -> OrderRow:
    values = dict(row._mapping)
    values |= {
        "digest": bytes(values["digest"]),
        "state": OrderState(values["state"]),
        "is_claimed": bool(values["is_claimed"]),
        "lines": msgspec.convert(values["lines"], tuple[Line, ...]),
        "delivery": msgspec.convert(values["delivery"], Delivery | None),
        "review": Review(values["review"]) if values["review"] else None,
        "answer": bytes(values["answer"]) if values["answer"] else None,
    }
    return OrderRow(**values)


def _describe(order: NewOrder) -> dict[str, Any]:
    return {
        "org": order.org_id,
        "id": order.id,
        "submit_by": order.submit_by,
        "currency": order.currency,
        "total": order.total,
        "lines": msgspec.json.encode(order.lines).decode(),
        "delivery": msgspec.json.encode(order.delivery).decode() if order.delivery else None,
    }


async def insert_order(session: AsyncSession, order: NewOrder, *, claim: UUID, lease_s: float) -> bool:
    """False when there is a row with its id; one that another transaction is inserting is waited for."""
    values = {"customer": order.customer_id, "account": order.account_id, "digest": order.digest}
    inserted = await session.execute(INSERT, _describe(order) | values | {"claim": claim, "lease_s": lease_s})
    return bool(inserted.rowcount)  # type: ignore[attr-defined]


async def find_order(session: AsyncSession, *, org_id: UUID, order_id: UUID) -> OrderRow | None:
    row = (await session.execute(GET, {"org": org_id, "id": order_id})).one_or_none()
    return make_order_row(row) if row else None


async def lock_order(session: AsyncSession, *, org_id: UUID, order_id: UUID) -> OrderRow:
    """Until the transaction ends nobody else changes it."""
    return make_order_row((await session.execute(LOCK, {"org": org_id, "id": order_id})).one())


async def find_doubtful(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, digest: bytes
) -> UUID | None:
    """The customer's order of the same things whose outcome is not known yet."""
    values = {"org": org_id, "customer": customer_id, "digest": digest}
    found: UUID | None = (await session.execute(FIND_DOUBTFUL, values)).scalar_one_or_none()
    return found


async def take_order(
    session: AsyncSession, *, org_id: UUID, order_id: UUID, claim: UUID, lease_s: float
) -> None:
    await session.execute(TAKE, {"org": org_id, "id": order_id, "claim": claim, "lease_s": lease_s})


async def renew_order(session: AsyncSession, order: NewOrder, *, claim: UUID) -> None:
    """The former try came to nothing: decide anew, on what the cart costs now."""
    await session.execute(RENEW, _describe(order) | {"claim": claim})


async def settle_placed(
    session: AsyncSession,
    *,
    org_id: UUID,
    order_id: UUID,
    claim: UUID,
    salesforce_id: str,
    review: Review | None,
    answer: bytes,
    at: datetime,
) -> bool:
    """False when another process has taken over: then nothing is written."""
    values = {"org": org_id, "id": order_id, "claim": claim, "salesforce_id": salesforce_id}
    done = await session.execute(PLACE, values | {"review": review, "answer": answer, "at": at})
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def close_order(
    session: AsyncSession, *, org_id: UUID, order_id: UUID, claim: UUID, state: OrderState, margin_s: float
) -> bool:
    """Without an order, or in doubt. False when another process has taken over."""
    values = {"org": org_id, "id": order_id, "claim": claim, "state": state, "margin_s": margin_s}
    return bool((await session.execute(CLOSE, values)).rowcount)  # type: ignore[attr-defined]


async def list_orders(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, after: Place | None, limit: int
) -> Sequence[OrderRow]:
    """Newest first."""
    values: dict[str, Any] = {"org": org_id, "customer": customer_id, "limit": limit}
    values |= {"at": after.at if after else None, "id": after.id if after else None}
    return [make_order_row(row) for row in await session.execute(LIST, values)]


async def list_doubtful(session: AsyncSession, *, org_id: UUID) -> list[UUID]:
    """Those in nobody's hands that Salesforce can be asked for now."""
    return list((await session.execute(LIST_DOUBTFUL, {"org": org_id})).scalars())
