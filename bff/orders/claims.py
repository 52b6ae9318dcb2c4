"""The first transaction of a submission: its row is there before Salesforce is asked, in the hands of one process."""

from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses import find_default_address
from bff.errors import IdempotencyKeyReused
from bff.orders.repository import (
    OrderRow,
    find_doubtful,
    insert_order,
    lock_order,
    renew_order,
    take_order,
)
from bff.orders.rules import Delivery, OrderState
from bff.orders.submission import Draft, Submission, make_new_order
from bff.overrides import Override
from bff.overrides.repository import get_overrides

LEASE_S = 10.0
"""Longer than any submission takes; a process that dies leaves its order to others after it."""


class Replayed(msgspec.Struct, frozen=True):
    """The order was placed before; this is what was answered."""

    answer: bytes


class Busy(msgspec.Struct, frozen=True):
    """Another process decides it right now."""


class Withdrawn(msgspec.Struct, frozen=True):
    """It was placed on an answer that contradicted itself, and cancelled; its id is used up."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """Ours to decide. `earlier` is the row of a call that may have placed it, or may yet until its `submit_by`."""

    order_id: UUID
    token: UUID
    delivery: Delivery | None
    overrides: tuple[Override, ...] = ()
    earlier: OrderRow | None = None


Claim = Claimed | Replayed | Busy | Withdrawn


async def claim_order(session: AsyncSession, submission: Submission, draft: Draft) -> Claim:
    """
    Raises:
        IdempotencyKeyReused: the key came before with another order.
    """
    submission = await _continue_doubtful(session, submission)
    delivery = await _complete_delivery(session, submission)
    overrides = await get_overrides(session, submission.org_id, submission.account_id)
    token, order = uuid4(), make_new_order(submission, draft, delivery)
    claimed = Claimed(order_id=order.id, token=token, delivery=delivery, overrides=overrides.items)
    if await insert_order(session, order, claim=token, lease_s=LEASE_S):
        return claimed
    row = await lock_order(session, org_id=order.org_id, order_id=order.id)
    if row.digest != order.digest:
        raise IdempotencyKeyReused
    if row.answer is not None:
        return Replayed(row.answer)
    if row.state is OrderState.WITHDRAWN:
        return Withdrawn()
    if row.is_claimed:
        return Busy()
    await take_order(session, org_id=order.org_id, order_id=order.id, claim=token, lease_s=LEASE_S)
    if row.state is OrderState.REFUSED:
        await renew_order(session, order, claim=token)
        return claimed
    return msgspec.structs.replace(claimed, earlier=row)


async def _continue_doubtful(session: AsyncSession, submission: Submission) -> Submission:
    """Without a key nobody can say that this is a repetition; but the same order again, while the first is in doubt, is
    taken for one.
    """
    if submission.is_keyed:
        return submission
    order_id = await find_doubtful(
        session,
        org_id=submission.org_id,
        customer_id=submission.customer_id,
        digest=submission.asked.digest,
    )
    return msgspec.structs.replace(submission, order_id=order_id) if order_id else submission


async def _complete_delivery(session: AsyncSession, submission: Submission) -> Delivery | None:
    """To the address on file where none was given."""
    delivery = submission.asked.delivery
    if delivery is None or delivery.address is not None:
        return delivery
    on_file = await find_default_address(
        session, org_id=submission.org_id, customer_id=submission.customer_id
    )
    return msgspec.structs.replace(delivery, address=on_file)
