"""Asking for a review: refuse, find it open already, or promise it and try to deliver it at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import Deliveries, DeliveryState
from bff.eligibility.acceptance import Acceptance, Asked, Asker, Ticket
from bff.eligibility.delivery import KIND
from bff.eligibility.pictures import make_pictures
from bff.eligibility.reading import Reader
from bff.eligibility.refusals import EligibilityRefusal, StatusUnknown
from bff.eligibility.repository import get_request
from bff.eligibility.rules import Assessment, Seen, assess_open_request, refuse_superseded
from bff.errors import IdempotencyKeyReused, TooManyRequests
from bff.idempotency import Answer, make_digest, replay_or_run
from bff.identity import Caller
from cache.errors import CacheError
from sf_sync.objects.account import EligibilityFacts

INLINE_BUDGET_S = 1.5
"""How long a customer waits for Salesforce before the worker takes over."""

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Reply(msgspec.Struct, frozen=True):
    """`status` is HTTP's: 202 for a request that was accepted, 200 where a review was open already."""

    status: int
    assessment: Assessment


class Eligibility:
    """One per process."""

    def __init__(
        self,
        adapters: Adapters,
        deliveries: Deliveries,
        *,
        requests_per_minute: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pictures = make_pictures(adapters)
        self.reader = Reader(adapters.account_view, self._pictures)
        self._database = adapters.database
        self._limiter = adapters.limiter
        self._deliveries = deliveries
        self._requests_per_minute = requests_per_minute
        self._acceptance = Acceptance(deliveries, now)

    async def request_review(self, caller: Caller, asked: Asked, *, key: str | None = None) -> Reply:
        """Store first, deliver second: what is answered 202 survives our crash and Salesforce's absence.

        Raises:
            EligibilityRefusal, TooManyRequests, IdempotencyKeyReused: nothing was written.
        """
        if caller.account_id is None or caller.customer_id is None:
            raise StatusUnknown
        asker = Asker(caller=caller, customer_id=caller.customer_id, account_id=caller.account_id)
        await self._throttle(asker.account_id)
        seen = (await self.reader.look_before_request(caller, asker.account_id)).seen
        ticket = await self._store(asker, asked, seen, key)
        if ticket.request_id is None or ticket.facts is None:
            return Reply(200, await self.reader.get_assessment(caller))
        await self._pictures.announce([asker.account_id])
        state = await self._deliveries.attempt(asker.org_id, ticket.request_id, budget_s=INLINE_BUDGET_S)
        if state is DeliveryState.REFUSED:
            return await self._answer_superseded(asker)
        return Reply(202, await self._describe(asker, ticket.request_id, ticket.facts))

    async def _throttle(self, account_id: str) -> None:
        """Fails open: while Redis is away PostgreSQL still holds one waiting request per account and the guard
        in Salesforce one Case, so an unthrottled caller costs work and changes nothing.
        """
        try:
            taken = await self._limiter.take(
                f"eligibility-requests:{account_id}", limit=self._requests_per_minute, window_s=60
            )
        except CacheError:
            log.warning("eligibility_requests_unthrottled")
            return
        if not taken.allowed:
            raise TooManyRequests(retry_after_s=taken.retry_after_s)

    async def _store(self, asker: Asker, asked: Asked, seen: Seen | None, key: str | None) -> Ticket:
        """The request, its delivery, the audit line and the key's answer in one transaction."""

        async def decide() -> Answer:
            ticket = await self._acceptance.decide(session, asker, asked, seen)
            return Answer(status=202 if ticket.request_id else 200, body=msgspec.json.encode(ticket))

        session: AsyncSession
        async with self._pictures.writing(asker.account_id) as write:
            try:
                async with self._database.transaction(asker.org_id) as session:
                    answer = await replay_or_run(
                        session,
                        org_id=asker.org_id,
                        actor=asker.caller.actor,
                        key=key,
                        digest=make_digest(KIND, asked),
                        run=decide,
                    )
            except (EligibilityRefusal, IdempotencyKeyReused):
                # Rolled back for certain, while any other failure leaves the commit in doubt.
                write.settle()
                raise
        return msgspec.json.decode(answer.body, type=Ticket)

    async def _answer_superseded(self, asker: Asker) -> Reply:
        """Salesforce would not have it, because the account had moved on: the customer is told what holds now.

        Raises:
            EligibilityRefusal: when what holds now is a reason to refuse.
        """
        assessment = await self.reader.get_assessment(asker.caller)
        refuse_superseded(assessment.status)
        return Reply(200, assessment)

    async def _describe(self, asker: Asker, request_id: UUID, facts: EligibilityFacts) -> Assessment:
        """From what is stored alone, so that a repetition is answered like the first time."""
        async with self._database.transaction(asker.org_id) as session:
            request = await get_request(session, org_id=asker.org_id, request_id=request_id)
        return assess_open_request(facts, request)
