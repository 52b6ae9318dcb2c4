"""Orders whose outcome nobody knows: asked for at Salesforce when it can no longer accept them."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import structlog

from bff.adapters import Adapters
from bff.audit import record
from bff.checkout.positions import Position
from bff.orders.answers import make_order_answer, show_row
from bff.orders.claims import LEASE_S
from bff.orders.repository import (
    OrderRow,
    close_order,
    list_doubtful,
    lock_order,
    settle_placed,
    take_order,
)
from bff.orders.rules import OrderState, open_review
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

    def __init__(self, adapters: Adapters, now: Callable[[], datetime] = utc_now) -> None:
        self._database = adapters.database
        self._orders = adapters.orders
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
            if seen is None:
                return await close_order(
                    session,
                    org_id=org_id,
                    order_id=row.id,
                    claim=token,
                    state=OrderState.REFUSED,
                    margin_s=MARGIN_S,
                )
            at = self._now()
            review = open_review({line.product_type for line in row.lines}, None, is_lifted=False)
            shown = show_row(
                msgspec.structs.replace(row, state=OrderState.PLACED, placed_at=at, review=review)
            )
            answer = make_order_answer(shown, Position(), get_texts(DEFAULT_LANGUAGE))
            is_mine = await settle_placed(
                session,
                org_id=org_id,
                order_id=row.id,
                claim=token,
                salesforce_id=seen.salesforce_id,
                review=review,
                answer=msgspec.json.encode(answer),
                at=at,
            )
            if is_mine:
                await record(
                    session,
                    org_id=org_id,
                    actor="system:doubts",
                    action="order.placed",
                    subject=f"order:{row.id}",
                    detail={"account": row.account_id},
                )
            return is_mine
