"""The live part of a submission: one call that places the order through its gate, and what its outcome means."""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from bff.checkout.decisions import Ground
from bff.checkout.positions import Position, Positions, make_position, make_unknown
from bff.checkout.rules import CartLine, ProblemCode, Standing, Verdict, evaluate
from bff.identity import Caller
from bff.orders.submission import Deadline, Draft
from sf_sync.accounts import Freshness, Sighting, make_unavailable
from sf_sync.errors import (
    OutcomeUnknown,
    RequestLimitReached,
    RowLocked,
    SalesforceBreakerOpen,
    SalesforceError,
    SalesforceRefused,
)
from sf_sync.objects.offer import ProductType
from sf_sync.objects.order import PlaceOrder, SeenOrder
from sf_sync.orders import OrderHalted, OrderLook, OrderPlaced, Orders

LEAST_S = 0.05
"""A call with less time than this is not worth sending."""

log = structlog.get_logger(__name__)


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """`position` None: found by its id, without a look at the account."""

    salesforce_id: str
    ground: Ground
    position: Position | None = None


class Contradicted(msgspec.Struct, frozen=True, kw_only=True):
    """Salesforce placed it, and in the same answer says of the account what does not allow it."""

    salesforce_id: str
    verdict: Verdict
    ground: Ground


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    verdict: Verdict
    ground: Ground


class Unavailable(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing was created, and nobody could tell whether it may be."""

    retry_after_s: int
    ground: Ground


class Unconfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """Sent, and it is not known whether it took effect."""

    ground: Ground


Result = Placed | Contradicted | Blocked | Unavailable | Unconfirmed


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One order that is about to be sent."""

    caller: Caller
    draft: Draft
    command: PlaceOrder
    overridden: frozenset[ProductType]
    deadline: Deadline

    @property
    def unread(self) -> Ground:
        return Ground(lines=self.draft.cart)

    def judge(self, position: Position, cart: Sequence[CartLine]) -> tuple[Verdict, Ground]:
        standing: Standing = msgspec.structs.replace(position.standing, overridden=self.overridden)
        ground = Ground(lines=cart, standing=standing, freshness=position.freshness)
        return evaluate(cart, standing), ground


class Placing:
    """One per process."""

    def __init__(self, orders: Orders, positions: Positions) -> None:
        self._orders = orders
        self._positions = positions

    def find_outage_s(self) -> int | None:
        """When to try again, while no call would be made at all; None when one would."""
        try:
            self._orders.refuse_if_away()
        except SalesforceBreakerOpen as away:
            return make_unavailable(away).retry_after_s
        return None

    async def run(self, attempt: Attempt) -> Result:
        """Until the deadline at the latest."""
        for _ in range(2):
            result = await self._place(attempt)
            if not isinstance(result, OrderHalted):
                return result
            explanation = await self._explain(attempt)
            if explanation is not None:
                return explanation
        return Unavailable(retry_after_s=1, ground=attempt.unread)

    async def ask(self, attempt: Attempt) -> Placed | Unconfirmed | None:
        """Did an earlier call place it? None: Salesforce has no such order."""
        if attempt.deadline.left_s < LEAST_S:
            return Unconfirmed(ground=attempt.unread)
        try:
            seen = await self._orders.find(attempt.command.order_id, timeout_s=attempt.deadline.left_s)
        except SalesforceError:
            return Unconfirmed(ground=attempt.unread)
        return None if seen is None else _recognise(attempt, seen)

    async def _place(self, attempt: Attempt) -> Result | OrderHalted:
        if attempt.deadline.left_s < LEAST_S:
            return Unavailable(retry_after_s=1, ground=attempt.unread)
        attempt.deadline.is_sent = True
        try:
            outcome = await self._orders.place(attempt.command, timeout_s=attempt.deadline.left_s)
        except OutcomeUnknown:
            return await self.ask(attempt) or Unconfirmed(ground=attempt.unread)
        except SalesforceError as error:
            _report(error)
            return Unavailable(retry_after_s=make_unavailable(error).retry_after_s, ground=attempt.unread)
        return outcome if isinstance(outcome, OrderHalted) else _check(attempt, outcome)

    async def _explain(self, attempt: Attempt) -> Result | None:
        """Why the order was halted; None when by now it may be placed."""
        try:
            look = await self._orders.look(attempt.command, timeout_s=max(attempt.deadline.left_s, 0.0))
        except SalesforceError as error:
            return Unavailable(retry_after_s=make_unavailable(error).retry_after_s, ground=attempt.unread)
        if look.order is not None:
            return _recognise(attempt, look.order)
        position = await self._read_position(attempt, look)
        verdict, ground = attempt.judge(position, _mark_gone(attempt, look))
        if verdict.can_submit:
            return None
        if is_about_source(verdict):
            return Unavailable(retry_after_s=1, ground=ground)
        return Blocked(verdict=verdict, ground=ground)

    async def _read_position(self, attempt: Attempt, look: OrderLook) -> Position:
        """With the portal's own part, as pages show it; without, when that takes too long."""
        if look.facts is None:
            sighting = make_unknown("salesforce")
        else:
            freshness = Freshness(as_of=look.read_at, source="salesforce")
            sighting = Sighting(facts=look.facts, freshness=freshness)
        try:
            async with asyncio.timeout(max(attempt.deadline.left_s, 0.0)):
                return await self._positions.complete(attempt.caller, sighting)
        except TimeoutError:
            return make_position(sighting)


def is_about_source(verdict: Verdict) -> bool:
    """Whether all that stands in the way is that nobody could tell."""
    return all(problem.code is ProblemCode.SOURCE_UNAVAILABLE for problem in verdict.problems)


def _recognise(attempt: Attempt, seen: SeenOrder) -> Placed | Unconfirmed:
    if seen.account_id != attempt.command.account_id:
        log.error("order_of_another_account", order=attempt.command.order_id)
        return Unconfirmed(ground=attempt.unread)
    return Placed(salesforce_id=seen.salesforce_id, ground=attempt.unread)


def _check(attempt: Attempt, placed: OrderPlaced) -> Placed | Contradicted:
    """Salesforce compares texts without regard to case, and we do not: what its guard let through is looked at."""
    freshness = Freshness(as_of=placed.read_at, source="salesforce")
    position = make_position(Sighting(facts=placed.facts, freshness=freshness))
    verdict, ground = attempt.judge(position, attempt.draft.cart)
    if verdict.can_submit:
        return Placed(salesforce_id=placed.salesforce_id, ground=ground, position=position)
    log.error("gate_contradicted", order=attempt.command.order_id, code=verdict.problems[0].code)
    return Contradicted(salesforce_id=placed.salesforce_id, verdict=verdict, ground=ground)


def _mark_gone(attempt: Attempt, look: OrderLook) -> list[CartLine]:
    gone = {line.sku for line in attempt.draft.lines if line.entry_id not in look.current_entries}
    return [
        msgspec.structs.replace(line, is_for_sale=False) if line.sku in gone else line
        for line in attempt.draft.cart
    ]


def _report(error: SalesforceError) -> None:
    """A refusal of the order itself is an operator's to mend; everything else passes."""
    if isinstance(error, SalesforceRefused) and not isinstance(error, RequestLimitReached | RowLocked):
        log.error("order_refused_by_salesforce", code=error.code, fields=error.fields)
