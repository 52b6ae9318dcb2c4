"""Orders whose outcome nobody knows: asked for at Salesforce when it can no longer accept them."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.checkout.positions import Position
from bff.deliveries import Deliveries
from bff.orders.answers import make_order_answer, show_row
from bff.orders.claims import LEASE_S
from bff.orders.delivery import promise_review
from bff.orders.phone_uses import promise_phone_use
from bff.orders.repository import (
    OrderRow,
    close_order,
    list_doubtful,
    lock_order,
    settle_placed,
    take_order,
)
from bff.orders.rules import OrderState, Review, open_review
from bff.orders.settling import MARGIN_S
from bff.tenancy import list_orgs
from bff.texts import DEFAULT_LANGUAGE, get_texts
from sf_sync.client import Lane
from sf_sync.errors import SalesforceError
from sf_sync.objects.order import SeenOrder

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Doubts:
    """One per process."""

    def __init__(
        self, adapters: Adapters, deliveries: Deliveries, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = adapters.database
        self._jobs = adapters.jobs
        self._orders = adapters.orders
        self._deliveries = deliveries
        self._now = now

    async def sweep(self) -> int:
        """How many were settled. Stops at the first call that fails: the others would too."""
        async with self._database.orgless() as session:
            orgs = await list_orgs(session)
        settled = 0
        for org in orgs:
            async with self._database.transaction(org.id) as session:
                doubtful = await list_doubtful(session, org_id=org.id)
            for order_id in doubtful:
                try:
                    settled += await self._resolve(org.id, order_id)
                except SalesforceError as error:
                    log.warning("doubtful_orders_not_asked", error=type(error).__name__)
                    return settled
        return settled

    async def _resolve(self, org_id: UUID, order_id: UUID) -> bool:
        token = uuid4()
        async with self._database.transaction(org_id) as session:
            row = await lock_order(session, org_id=org_id, order_id=order_id)
            if row.is_claimed or row.state not in (OrderState.DECIDING, OrderState.UNKNOWN):
                return False
            await take_order(session, org_id=org_id, order_id=order_id, claim=token, lease_s=LEASE_S)
        seen = await self._orders.find(order_id, lane=Lane.BACKGROUND)
        is_ours = seen is not None and seen.account_id == row.account_id
        return await self._settle(org_id, row, token, seen if is_ours else None)

    async def _settle(self, org_id: UUID, row: OrderRow, token: UUID, seen: SeenOrder | None) -> bool:
        async with self._database.transaction(org_id) as session:
            if seen is not None:
                return await self._keep(session, org_id, row, token, seen)
            return await close_order(
                session,
                org_id=org_id,
                order_id=row.id,
                claim=token,
                state=OrderState.REFUSED,
                margin_s=MARGIN_S,
            )

    async def _keep(
        self, session: AsyncSession, org_id: UUID, row: OrderRow, token: UUID, seen: SeenOrder
    ) -> bool:
        at = self._now()
        review = open_review({line.product_type for line in row.lines}, None, is_lifted=False)
        shown = show_row(msgspec.structs.replace(row, state=OrderState.PLACED, placed_at=at, review=review))
        is_mine = await settle_placed(
            session,
            org_id=org_id,
            order_id=row.id,
            claim=token,
            salesforce_id=seen.salesforce_id,
            review=review,
            answer=msgspec.json.encode(make_order_answer(shown, Position(), get_texts(DEFAULT_LANGUAGE))),
            at=at,
        )
        if is_mine:
            await self._tell(session, org_id, row, seen.salesforce_id, review)
        return is_mine

    async def _tell(
        self, session: AsyncSession, org_id: UUID, row: OrderRow, salesforce_id: str, review: Review | None
    ) -> None:
        if review is Review.OPEN:
            await promise_review(
                session,
                self._deliveries,
                org_id=org_id,
                account_id=row.account_id,
                salesforce_id=salesforce_id,
            )
        phone = row.delivery.phone if row.delivery else None
        await promise_phone_use(session, self._jobs, org_id=org_id, order_id=row.id, phone=phone)
        await record(
            session,
            org_id=org_id,
            actor="system:doubts",
            action="order.placed",
            subject=f"order:{row.id}",
            detail={"account": row.account_id},
        )
