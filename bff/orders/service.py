"""The orders of customers: submitting one, showing them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import msgspec
import structlog

from bff.adapters import Adapters
from bff.catalog import Catalogue
from bff.checkout.positions import Position, Positions
from bff.deliveries import Deliveries
from bff.errors import Forbidden, IdempotencyKeyReused, NotFound, PortalError, ServiceUnavailable
from bff.identity import Caller
from bff.keyset import Place
from bff.orders.answers import ShownOrder, show_row
from bff.orders.placing import Placing
from bff.orders.refusals import OrderUnconfirmed
from bff.orders.repository import find_order, list_orders
from bff.orders.rules import OrderState, make_order_id
from bff.orders.settling import RETRY_AFTER_S, Settling
from bff.orders.submission import Asked, Deadline, Submission
from bff.orders.submitter import Submitter

GRACE_S = 0.1
"""After Salesforce's time is over: what is left to write and to answer."""

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Flight(msgspec.Struct, frozen=True):
    """A submission under way in this process; repetitions of it wait for its answer."""

    digest: bytes
    deadline: Deadline
    task: asyncio.Task[bytes]


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    orders: list[ShownOrder]
    position: Position
    next_place: Place | None


class OrderBook:
    """One per process."""

    def __init__(
        self,
        adapters: Adapters,
        deliveries: Deliveries,
        catalogue: Catalogue,
        positions: Positions,
        *,
        timeout_s: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`timeout_s` is what Salesforce may take of a submission; the answer comes a little later at most."""
        self._database = adapters.database
        self._positions = positions
        self._timeout_s = timeout_s
        self._submitter = Submitter(
            adapters.database,
            catalogue,
            positions,
            Placing(adapters.orders, positions),
            Settling(adapters.database, adapters.jobs, deliveries, now),
        )
        self._flights: dict[tuple[UUID, object], Flight] = {}

    async def submit(self, caller: Caller, asked: Asked, *, key: str | None) -> bytes:
        """The finished answer to a placed order; the same for every repetition under one key.

        Goes on to its end, and writes it down, when whoever asked has left.

        Raises:
            OrderBlocked, OrderNotChecked, OrderUnconfirmed, IdempotencyKeyReused, ServiceUnavailable.
        """
        flight = self._join(caller, asked, key)
        if flight.digest != asked.digest:
            raise IdempotencyKeyReused
        await asyncio.wait({flight.task}, timeout=max(flight.deadline.left_s, 0.0) + GRACE_S)
        if flight.task.done():
            return flight.task.result()
        # Nothing is sent after the deadline, so what was not sent by now never will be.
        if not flight.deadline.is_sent:
            raise ServiceUnavailable(retry_after_s=RETRY_AFTER_S)
        raise OrderUnconfirmed(retry_after_s=RETRY_AFTER_S)

    async def knows(self, caller: Caller, key: str) -> bool:
        """Whether the customer has ever sent an order under this key, whatever became of it."""
        order_id = make_order_id(caller.org_id, get_customer_id(caller), key)
        async with self._database.transaction(caller.org_id) as session:
            return await find_order(session, org_id=caller.org_id, order_id=order_id) is not None

    async def list_page(self, caller: Caller, *, after: Place | None, limit: int) -> OrderPage:
        """The customer's orders, newest first, with the account's standing of now."""
        customer_id = get_customer_id(caller)
        async with self._database.transaction(caller.org_id) as session:
            rows = await list_orders(
                session, org_id=caller.org_id, customer_id=customer_id, after=after, limit=limit + 1
            )
        orders = [show_row(row) for row in rows[:limit]]
        last = Place(orders[-1].placed_at, orders[-1].id) if len(rows) > limit else None
        return OrderPage(orders=orders, position=await self._positions.read(caller), next_place=last)

    async def get(self, caller: Caller, order_id: UUID) -> tuple[ShownOrder, Position]:
        """
        Raises:
            NotFound: there is no such order, or it is somebody else's, or it was not placed.
        """
        async with self._database.transaction(caller.org_id) as session:
            row = await find_order(session, org_id=caller.org_id, order_id=order_id)
        if row is None or row.customer_id != get_customer_id(caller):
            raise NotFound
        if row.state not in (OrderState.PLACED, OrderState.ON_HOLD):
            raise NotFound
        return show_row(row), await self._positions.read(caller)

    async def drain(self, *, within_s: float = 5.0) -> None:
        """Let submissions that go on behind an answer come to their end."""
        if self._flights:
            await asyncio.wait([flight.task for flight in self._flights.values()], timeout=within_s)

    def _join(self, caller: Caller, asked: Asked, key: str | None) -> Flight:
        """Without a key, the same order at the same time is taken for one: two clicks, not two wishes."""
        customer_id = get_customer_id(caller)
        place = (customer_id, key or asked.digest)
        flight = self._flights.get(place)
        if flight is None:
            deadline = Deadline(self._timeout_s)
            submission = Submission(
                caller=caller,
                customer_id=customer_id,
                account_id=caller.account_id or "",
                order_id=make_order_id(caller.org_id, customer_id, key),
                asked=asked,
                is_keyed=key is not None,
                deadline=deadline,
            )
            task = asyncio.create_task(self._submitter.carry(submission))
            flight = self._flights[place] = Flight(asked.digest, deadline, task)
            task.add_done_callback(partial(self._land, place))
        return flight

    def _land(self, place: tuple[UUID, object], task: asyncio.Task[bytes]) -> None:
        del self._flights[place]
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, PortalError):
            log.error("order_submission_failed", exc_info=error)


def get_customer_id(caller: Caller) -> UUID:
    """
    Raises:
        Forbidden: the caller is no customer.
    """
    if caller.customer_id is None:
        raise Forbidden
    return caller.customer_id
