"""Holding and releasing orders as the document that they were placed on is rejected and verified."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import compress
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.checkout.rules import find_block
from bff.deliveries import Deliveries
from bff.orders.delivery import STATUS_KIND, StatusChange
from bff.orders.following import (
    FollowedOrder,
    apply_step,
    list_followed_accounts,
    lock_followed_orders,
)
from bff.orders.rules import Step, plan_review
from bff.overrides.repository import get_overrides
from sf_sync.accounts import AccountNotFound, SourceUnavailable
from sf_sync.objects.account import VerificationStatus
from sf_sync.objects.offer import ProductType
from sf_sync.objects.order import OrderStatus

REASONS = {
    VerificationStatus.REJECTED: "The customer's ID was rejected after the order.",
    VerificationStatus.NOT_SUBMITTED: "The customer's ID document is missing.",
}
_WAITING = frozenset({VerificationStatus.SUBMITTED, VerificationStatus.UNKNOWN})
PAGE = 200
ACTIONS = {Step.HOLD: "order.held", Step.RELEASE: "order.released"}

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Reviews:
    """One per process."""

    def __init__(
        self, adapters: Adapters, deliveries: Deliveries, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._account_view = adapters.account_view
        self._database = adapters.database
        self._deliveries = deliveries
        self._now = now

    async def look(self, org_id: UUID, account_id: str) -> None:
        """Bring the account's orders to where its document is now; doing so again changes nothing.

        Raises:
            SourceUnavailable: of `sf_sync.accounts`; look again later.
        """
        try:
            sighting = await self._account_view.read(org_id, account_id)
        except AccountNotFound:
            return
        if sighting.freshness.stale:
            return
        promised = await self._apply(org_id, account_id, sighting.facts.verification.status)
        for op_id in promised:
            await self._deliveries.attempt(org_id, op_id)

    async def sweep(self, org_id: UUID) -> None:
        """Look at every account whose orders follow a review and whose status may ask for a step. Costs no call while
        the accounts are cached; misses share calls.
        """
        after = ""
        while True:
            async with self._database.transaction(org_id) as session:
                page = await list_followed_accounts(session, org_id=org_id, after=after, limit=PAGE)
            may_step = await asyncio.gather(*(self._may_step(org_id, account_id) for account_id in page))
            for account_id in compress(page, may_step):
                await self.look(org_id, account_id)
            if len(page) < PAGE:
                return
            after = page[-1]

    async def _may_step(self, org_id: UUID, account_id: str) -> bool:
        try:
            sighting = await self._account_view.read(org_id, account_id)
        except (AccountNotFound, SourceUnavailable):
            return False
        return sighting.facts.verification.status not in _WAITING

    async def _apply(self, org_id: UUID, account_id: str, status: VerificationStatus) -> list[UUID]:
        promised = []
        async with self._database.transaction(org_id) as session:
            orders = await lock_followed_orders(session, org_id=org_id, account_id=account_id)
            overrides = await get_overrides(session, org_id, account_id)
            is_lifted = any(one.product_type is ProductType.SIM for one in overrides.items)
            for order in orders:
                step = plan_review(order.state, status, is_lifted=is_lifted)
                if step is not Step.KEEP:
                    promised += await self._take(session, org_id, account_id, order, step, status)
        return promised

    async def _take(
        self,
        session: AsyncSession,
        org_id: UUID,
        account_id: str,
        order: FollowedOrder,
        step: Step,
        status: VerificationStatus,
    ) -> list[UUID]:
        """The deliveries that were promised; settling an order tells Salesforce nothing."""
        code = find_block(ProductType.SIM, status)
        await apply_step(session, org_id=org_id, order_id=order.id, step=step, hold_code=code, at=self._now())
        if step is Step.SETTLE:
            return []
        await record(
            session,
            org_id=org_id,
            actor="system:reviews",
            action=ACTIONS[step],
            subject=f"order:{order.id}",
            detail={"account": account_id, "status": status},
        )
        op_id = uuid4()
        await self._deliveries.enqueue(
            session,
            kind=STATUS_KIND,
            org_id=org_id,
            account_id=account_id,
            payload=msgspec.to_builtins(_plan_change(order.id, step, status)),
            op_id=op_id,
        )
        log.info("order_review_step", order=order.id, step=step)
        return [op_id]


def _plan_change(order_id: UUID, step: Step, status: VerificationStatus) -> StatusChange:
    if step is Step.HOLD:
        return StatusChange(
            order_id=order_id, expected=OrderStatus.DRAFT, to=OrderStatus.ON_HOLD, reason=REASONS[status]
        )
    return StatusChange(order_id=order_id, expected=OrderStatus.ON_HOLD, to=OrderStatus.DRAFT)
