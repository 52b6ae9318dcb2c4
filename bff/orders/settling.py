"""The last transaction of a submission: the order's row, the decision, the audit line and what follows, together."""

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.audit import record
from bff.checkout.decisions import (
    Decision,
    Ground,
    Outcome,
    describe_inputs,
    describe_problems,
    insert_decision,
)
from bff.checkout.positions import Position
from bff.checkout.rules import Verdict
from bff.db import Database
from bff.deliveries import Deliveries
from bff.jobs import Jobs
from bff.next_actions import NextActionCode
from bff.orders.answers import ShownOrder, find_verification, make_order_answer
from bff.orders.claims import Claimed
from bff.orders.delivery import STATUS_KIND, StatusChange, promise_review
from bff.orders.phone_uses import promise_phone_use
from bff.orders.placing import Blocked, Contradicted, Placed, Result, Unavailable, Unconfirmed
from bff.orders.refusals import OrderBlocked, OrderNotChecked, OrderRefusal, OrderUnconfirmed
from bff.orders.repository import close_order, settle_placed
from bff.orders.rules import OrderState, Review, open_review
from bff.orders.submission import Draft, Submission
from sf_sync.objects.offer import ProductType
from sf_sync.objects.order import OrderStatus

MARGIN_S = 1.0
"""After Salesforce's own deadline for an order; clocks differ."""
RETRY_AFTER_S = 2

_NOTHING = Verdict((), NextActionCode.NONE)


class Settling:
    """One per process."""

    def __init__(
        self, database: Database, jobs: Jobs, deliveries: Deliveries, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._deliveries = deliveries
        self._now = now

    async def settle(self, submission: Submission, draft: Draft, claimed: Claimed, result: Result) -> bytes:
        """The answer to a placed order.

        Raises:
            OrderBlocked, OrderNotChecked, OrderUnconfirmed: there is no order, or nobody knows.
        """
        match result:
            case Placed():
                return await self._keep(submission, draft, claimed, result)
            case Contradicted():
                return await self._withdraw(submission, claimed, result)
            case _:
                return await self._close(submission, claimed, result)

    async def refuse(self, submission: Submission, result: Blocked | Unavailable) -> OrderRefusal:
        """The refusal to raise where no row of the order is in hand: the decision alone is written."""
        async with self._database.transaction(submission.org_id) as session:
            return await self.refuse_within(session, submission, result)

    async def refuse_within(
        self, session: AsyncSession, submission: Submission, result: Blocked | Unavailable
    ) -> OrderRefusal:
        """The same in a transaction that is open; raise it once that has committed."""
        decision = self._decide_refusal(submission, result)
        await insert_decision(session, org_id=submission.org_id, decision=decision)
        return _make_refusal(result, decision.id)

    async def _keep(self, submission: Submission, draft: Draft, claimed: Claimed, placed: Placed) -> bytes:
        position = placed.position or Position()
        is_lifted = ProductType.SIM in {override.product_type for override in claimed.overrides}
        review = open_review(draft.product_types, find_verification(position), is_lifted=is_lifted)
        at = self._now()
        shown = ShownOrder(
            id=submission.order_id,
            state=OrderState.PLACED,
            review=review,
            currency=draft.currency,
            lines=draft.lines,
            delivery=claimed.delivery,
            placed_at=at,
        )
        answer = msgspec.json.encode(make_order_answer(shown, position, submission.asked.texts))
        decision = self._decide(submission, Outcome.ALLOWED, placed.ground, _NOTHING)
        async with self._database.transaction(submission.org_id) as session:
            is_mine = await settle_placed(
                session,
                org_id=submission.org_id,
                order_id=submission.order_id,
                claim=claimed.token,
                salesforce_id=placed.salesforce_id,
                review=review,
                answer=answer,
                at=at,
            )
            if not is_mine:
                raise OrderUnconfirmed(retry_after_s=RETRY_AFTER_S)
            await insert_decision(session, org_id=submission.org_id, decision=decision)
            await _audit(session, submission, "order.placed", decision.id)
            await promise_phone_use(
                session,
                self._jobs,
                org_id=submission.org_id,
                order_id=submission.order_id,
                phone=claimed.delivery.phone if claimed.delivery else None,
            )
            if review is Review.OPEN:
                await promise_review(
                    session,
                    self._deliveries,
                    org_id=submission.org_id,
                    account_id=submission.account_id,
                    salesforce_id=placed.salesforce_id,
                )
        return answer

    async def _withdraw(self, submission: Submission, claimed: Claimed, result: Contradicted) -> NoReturn:
        """What Salesforce made is cancelled; the promise to do so commits with the refusal."""
        decision = self._decide(submission, Outcome.BLOCKED, result.ground, result.verdict)
        change = StatusChange(
            order_id=submission.order_id,
            expected=OrderStatus.DRAFT,
            to=OrderStatus.CANCELLED,
            reason="The account's status is not one that allows this order.",
        )
        async with self._database.transaction(submission.org_id) as session:
            if await self._close_row(session, submission, claimed, OrderState.WITHDRAWN):
                await insert_decision(session, org_id=submission.org_id, decision=decision)
                await _audit(session, submission, "order.withdrawn", decision.id)
                await self._deliveries.enqueue(
                    session,
                    kind=STATUS_KIND,
                    org_id=submission.org_id,
                    account_id=submission.account_id,
                    payload=msgspec.to_builtins(change),
                    op_id=uuid4(),
                )
        raise OrderBlocked(result.verdict, decision.id)

    async def _close(
        self, submission: Submission, claimed: Claimed, result: Blocked | Unavailable | Unconfirmed
    ) -> NoReturn:
        state = OrderState.UNKNOWN if isinstance(result, Unconfirmed) else OrderState.REFUSED
        decision = self._decide_refusal(submission, result)
        async with self._database.transaction(submission.org_id) as session:
            await self._close_row(session, submission, claimed, state)
            await insert_decision(session, org_id=submission.org_id, decision=decision)
        raise _make_refusal(result, decision.id)

    async def _close_row(
        self, session: AsyncSession, submission: Submission, claimed: Claimed, state: OrderState
    ) -> bool:
        return await close_order(
            session,
            org_id=submission.org_id,
            order_id=submission.order_id,
            claim=claimed.token,
            state=state,
            margin_s=MARGIN_S,
        )

    def _decide_refusal(
        self, submission: Submission, result: Blocked | Unavailable | Unconfirmed
    ) -> Decision:
        match result:
            case Blocked():
                return self._decide(submission, Outcome.BLOCKED, result.ground, result.verdict)
            case Unavailable():
                return self._decide(submission, Outcome.UNAVAILABLE, result.ground, _NOTHING)
            case Unconfirmed():
                return self._decide(submission, Outcome.UNCONFIRMED, result.ground, _NOTHING)

    def _decide(self, submission: Submission, outcome: Outcome, ground: Ground, verdict: Verdict) -> Decision:
        freshness = ground.freshness
        return Decision(
            id=uuid4(),
            at=self._now(),
            order_id=submission.order_id,
            customer_id=submission.customer_id,
            account_id=submission.account_id or None,
            outcome=outcome,
            next_action=verdict.next_action,
            problems=describe_problems(verdict),
            inputs=describe_inputs(ground),
            read_at=freshness.as_of if freshness else None,
            read_source=freshness.source if freshness else None,
        )


def _make_refusal(result: Blocked | Unavailable | Unconfirmed, decision_id: UUID) -> OrderRefusal:
    match result:
        case Blocked():
            return OrderBlocked(result.verdict, decision_id)
        case Unavailable():
            return OrderNotChecked(retry_after_s=result.retry_after_s)
        case Unconfirmed():
            return OrderUnconfirmed(retry_after_s=RETRY_AFTER_S)


async def _audit(session: AsyncSession, submission: Submission, action: str, decision_id: UUID) -> None:
    await record(
        session,
        org_id=submission.org_id,
        actor=submission.caller.actor,
        action=action,
        subject=f"order:{submission.order_id}",
        detail={"account": submission.account_id, "decision": str(decision_id)},
    )
