"""Carrying one submission from its cart to its answer."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from bff.catalog import Catalogue
from bff.checkout.decisions import Ground
from bff.checkout.positions import Position, Positions
from bff.checkout.rules import refuse_unknown
from bff.db import Database
from bff.errors import IdempotencyKeyReused, ServiceUnavailable
from bff.orders.claims import Busy, Claim, Claimed, Replayed, Withdrawn, claim_order
from bff.orders.placing import (
    Attempt,
    Blocked,
    Placed,
    Placing,
    Unavailable,
    Unconfirmed,
    is_about_source,
)
from bff.orders.refusals import OrderRefusal, OrderUnconfirmed
from bff.orders.repository import OrderRow, find_order, renew_order
from bff.orders.rules import OrderState
from bff.orders.settling import MARGIN_S, RETRY_AFTER_S, Settling
from bff.orders.submission import Draft, Submission, make_command, make_draft, make_new_order
from sf_sync.accounts import SourceUnavailable
from sf_sync.objects.offer import ProductType

PEEK_S = 0.15
"""How long Redis may take to say what is cached; without an answer Salesforce is asked."""
BUSY_POLL_S = 0.05


class Submitter:
    """One per process."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        positions: Positions,
        placing: Placing,
        settling: Settling,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._positions = positions
        self._placing = placing
        self._settling = settling

    async def carry(self, submission: Submission) -> bytes:
        """The finished answer to a placed order.

        Raises:
            OrderBlocked, OrderNotChecked, OrderUnconfirmed, IdempotencyKeyReused.
        """
        try:
            region, within_s = submission.caller.region, submission.deadline.left_s
            offers = await self._catalogue.read_soon(region, within_s=within_s)
        except SourceUnavailable as away:
            return await self._go_without_salesforce(submission, None, away.retry_after_s)
        draft = make_draft(submission.asked, offers)
        if not submission.account_id:
            raise await self._refuse_unlinked(submission, draft)
        if (retry_after_s := self._placing.find_outage_s()) is not None:
            return await self._go_without_salesforce(submission, draft, retry_after_s)
        claim, cached, vouched = await asyncio.gather(
            self._claim(submission, draft),
            self._find_cached(submission),
            self._find_vouched(submission),
        )
        if isinstance(claim, Replayed):
            return claim.answer
        if isinstance(claim, Withdrawn):
            result = Blocked(verdict=refuse_unknown(), ground=Ground(lines=draft.cart))
            raise await self._settling.refuse(submission, result)
        if isinstance(claim, Busy):
            raise OrderUnconfirmed(retry_after_s=RETRY_AFTER_S)
        submission = msgspec.structs.replace(submission, order_id=claim.order_id)
        return await self._decide(submission, draft, claim, cached, vouched)

    async def _claim(self, submission: Submission, draft: Draft) -> Claim:
        """What another process decides right now is waited for, so that all get the answer of one."""
        while True:
            async with self._database.transaction(submission.org_id) as session:
                claim = await claim_order(session, submission, draft)
            if not isinstance(claim, Busy) or submission.deadline.left_s < BUSY_POLL_S:
                return claim
            await asyncio.sleep(BUSY_POLL_S)

    async def _find_vouched(self, submission: Submission) -> frozenset[ProductType]:
        """Nothing when nobody can tell: then Salesforce is asked for everything."""
        try:
            return await self._positions.find_vouched(submission.caller)
        except (SourceUnavailable, ServiceUnavailable):
            return frozenset()

    async def _find_cached(self, submission: Submission) -> Position | None:
        try:
            async with asyncio.timeout(PEEK_S):
                return await self._positions.find_cached(submission.caller)
        except (TimeoutError, ServiceUnavailable):
            return None

    async def _decide(
        self,
        submission: Submission,
        draft: Draft,
        claimed: Claimed,
        cached: Position | None,
        vouched: frozenset[ProductType],
    ) -> bytes:
        attempt = _make_attempt(submission, draft, claimed, vouched)
        if claimed.earlier is not None:
            found = await self._ask_for_earlier(attempt, claimed.earlier)
            if found is not None:
                return await self._settling.settle(
                    submission, _restore(draft, claimed.earlier), claimed, found
                )
            await self._renew(submission, draft, claimed)
        result = await self._judge_cached(attempt, cached) or await self._placing.run(attempt)
        if isinstance(result, Blocked) and _is_catalogue_old(draft, result):
            await self._catalogue.forget()
        return await self._settling.settle(submission, draft, claimed, result)

    async def _judge_cached(self, attempt: Attempt, cached: Position | None) -> Blocked | None:
        """A cached no may answer at once; a cached yes says nothing. What is no offer, or none at the price that the
        customer was shown, needs no live read either.
        """
        is_for_sale = all(line.product_type and line.is_for_sale for line in attempt.draft.cart)
        if cached is None and is_for_sale:
            return None
        return _judge(attempt, cached or await self._positions.read(attempt.caller))

    async def _ask_for_earlier(self, attempt: Attempt, earlier: OrderRow) -> Placed | Unconfirmed | None:
        """None when there is no such order and there can be none any more."""
        found = await self._placing.ask(attempt)
        if found is None and datetime.now(UTC) < earlier.submit_by + timedelta(seconds=MARGIN_S):
            return Unconfirmed(ground=attempt.unread)
        return found

    async def _renew(self, submission: Submission, draft: Draft, claimed: Claimed) -> None:
        order = make_new_order(submission, draft, claimed.delivery)
        async with self._database.transaction(submission.org_id) as session:
            await renew_order(session, order, claim=claimed.token)

    async def _go_without_salesforce(
        self, submission: Submission, draft: Draft | None, retry_after_s: int
    ) -> bytes:
        """Refused without a row of its own. A repetition is still answered like the first time, a cached no is said.

        `draft` None: not even the catalogue could be read.
        """
        unavailable = Unavailable(
            retry_after_s=retry_after_s, ground=Ground(lines=draft.cart if draft else ())
        )
        blocked = await self._find_cached_no(submission, draft) if draft else None
        # One transaction: while Salesforce is away, everybody who orders comes here.
        async with self._database.transaction(submission.org_id) as session:
            row = await find_order(session, org_id=submission.org_id, order_id=submission.order_id)
            if row and row.digest != submission.asked.digest:
                raise IdempotencyKeyReused
            if row and row.answer:
                return row.answer
            if row and row.state in (OrderState.DECIDING, OrderState.UNKNOWN):
                raise OrderUnconfirmed(retry_after_s=max(retry_after_s, RETRY_AFTER_S))
            refusal = await self._settling.refuse_within(session, submission, blocked or unavailable)
        raise refusal

    async def _find_cached_no(self, submission: Submission, draft: Draft) -> Blocked | None:
        cached = await self._find_cached(submission)
        return _judge(_make_attempt(submission, draft, None), cached) if cached else None

    async def _refuse_unlinked(self, submission: Submission, draft: Draft) -> OrderRefusal:
        """A customer without an account: nothing is known of them."""
        position = await self._positions.read(submission.caller)
        verdict, ground = _make_attempt(submission, draft, None).judge(position, draft.cart)
        return await self._settling.refuse(submission, Blocked(verdict=verdict, ground=ground))


def _make_attempt(
    submission: Submission,
    draft: Draft,
    claimed: Claimed | None,
    vouched: frozenset[ProductType] = frozenset(),
) -> Attempt:
    overrides = claimed.overrides if claimed else ()
    overridden = vouched | {override.product_type for override in overrides}
    return Attempt(
        caller=submission.caller,
        draft=draft,
        command=make_command(submission, draft, claimed.delivery if claimed else None, overridden),
        overridden=overridden,
        deadline=submission.deadline,
    )


def _judge(attempt: Attempt, position: Position) -> Blocked | None:
    verdict, ground = attempt.judge(position, attempt.draft.cart)
    if verdict.can_submit or is_about_source(verdict):
        return None
    return Blocked(verdict=verdict, ground=ground)


def _is_catalogue_old(draft: Draft, blocked: Blocked) -> bool:
    """Whether Salesforce has taken an offer for gone that the catalogue still sells."""
    return any(
        now.is_for_sale < before.is_for_sale
        for before, now in zip(draft.cart, blocked.ground.lines, strict=True)
    )


def _restore(draft: Draft, earlier: OrderRow) -> Draft:
    """The cart at the prices of the call that placed it."""
    return msgspec.structs.replace(draft, lines=earlier.lines, currency=earlier.currency)
