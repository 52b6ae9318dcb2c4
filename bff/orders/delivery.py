"""How a hold, a release, a withdrawal or a document to review reaches the order in Salesforce."""

from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import Delivered, Deliveries, Delivery, DeliveryHandler, Outcome, Refused, handler
from bff.deliveries.judging import judge_failure
from sf_sync.errors import SalesforceError
from sf_sync.objects.order import OrderStatus
from sf_sync.orders import StatusSuperseded

STATUS_KIND = "order_status"
REVIEW_KIND = "order_review"

log = structlog.get_logger(__name__)


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery's payload. An order that is not as `expected` belongs to whoever changed it."""

    order_id: UUID
    expected: OrderStatus
    to: OrderStatus
    reason: str | None = None


@handler(STATUS_KIND)
class OrderStatusDelivery(DeliveryHandler):
    """Repeating it changes nothing, so an unanswered one is simply sent again."""

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        change = msgspec.convert(delivery.payload, StatusChange)
        try:
            answer = await adapters.orders.change_status(
                change.order_id, expected=change.expected, to=change.to, reason=change.reason
            )
        except SalesforceError as error:
            return judge_failure(error)
        if isinstance(answer, StatusSuperseded):
            log.warning("order_status_superseded", order=change.order_id, status=answer.status)
            return Refused(f"The order is {answer.status or 'gone'} in Salesforce.")
        return Delivered(None)

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        return None

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        """The order's row says what the portal wants; it was written when this was promised."""


class ReviewOpening(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery's payload: `salesforce_id` is the order's."""

    salesforce_id: str


@handler(REVIEW_KIND)
class OrderReviewDelivery(DeliveryHandler):
    """Repeating it changes nothing, so an unanswered one is simply sent again."""

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        opening = msgspec.convert(delivery.payload, ReviewOpening)
        try:
            await adapters.orders.open_review(opening.salesforce_id, delivery.account_id)
        except SalesforceError as error:
            return judge_failure(error)
        return Delivered(opening.salesforce_id)

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        return None

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        """The review is Salesforce's; the order's row keeps nothing of it."""


async def promise_review(
    session: AsyncSession, deliveries: Deliveries, *, org_id: UUID, account_id: str, salesforce_id: str
) -> None:
    """Reviewers decide on the order; it is told by a job, so that placing the order stays one call."""
    await deliveries.enqueue(
        session,
        kind=REVIEW_KIND,
        org_id=org_id,
        account_id=account_id,
        payload=msgspec.to_builtins(ReviewOpening(salesforce_id=salesforce_id)),
        op_id=uuid4(),
    )
