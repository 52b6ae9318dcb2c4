"""Taking a document: refuse before the body where possible, examine, promise, and try to deliver it at once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import structlog

from bff.adapters import Adapters
from bff.deliveries import Deliveries, DeliveryState
from bff.errors import TooManyRequests
from bff.identity import Caller
from bff.verification.acceptance import Acceptance, Decision, Owner
from bff.verification.examination import Body, Examination, Examined, check_quality
from bff.verification.intake.spool import Spool
from bff.verification.older_table import OlderTable, Reserved
from bff.verification.pictures import make_pictures
from bff.verification.quota import Quota, check_quota
from bff.verification.reading import Reader
from bff.verification.refusals import AlreadyVerified, StatusUnknown
from bff.verification.repository import (
    Attempt,
    list_attempts,
)
from bff.verification.rules import (
    Assessment,
    AttemptSeen,
    LocalPicture,
    Seen,
    assess,
    plan_upload,
)
from cache.errors import CacheError
from sf_sync.objects.account import VerificationFacts

INLINE_BUDGET_S = 2.5
"""How long a customer waits for Salesforce before the worker takes over."""

# Each takes a connection to the database; a crowd of uploads leaves the others to everybody else.
_ADMITTED_AT_ONCE = 4

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Verification:
    """One per process."""

    def __init__(
        self,
        adapters: Adapters,
        deliveries: Deliveries,
        examination: Examination,
        *,
        quota: Quota,
        older_table: OlderTable | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pictures = make_pictures(adapters)
        self.reader = Reader(adapters.account_view, self._pictures)
        self._adapters = adapters
        self._deliveries = deliveries
        self._examination = examination
        self._quota = quota
        self._older_table = older_table
        self._acceptance = Acceptance(adapters, deliveries, examination.courtesy, quota=quota, now=now)
        self._now = now
        self._admissions = asyncio.Semaphore(_ADMITTED_AT_ONCE)

    async def submit(
        self, caller: Caller, body: Body, *, context: str, requires_quality: bool = False
    ) -> Assessment:
        """Store first, deliver second: what is answered 202 survives our crash and Salesforce's absence.

        `requires_quality`: refuse what a reviewer would complain about unless the body says `sendAnyway`. For a form
        without scripts, which cannot call `check` first.

        Raises:
            VerificationRefusal, TooManyRequests: nothing is kept. Session, quota and status are looked at before the
                first byte of the body.
        """
        owner = _get_owner(caller, context)
        async with self._admissions:
            seen = await self._admit(owner)
        expected = plan_upload(seen)
        with Spool() as sent, Spool("md5") as rebuilt:
            received = await self._examination.receive(body, sent, sender=owner.account_id)
            async with self._examination.turns:
                examined = await self._examination.examine(received, sent, rebuilt)
                if requires_quality:
                    check_quality(examined)
                reserved = await self._reserve(owner)
                decision = Decision(seen=seen, expected=expected, reserved=reserved)
                attempt = await self._acceptance.store(owner, examined, rebuilt, decision)
        await self._pictures.announce([owner.account_id])
        if reserved and reserved.is_only:
            return _describe(attempt)
        for older_id in reserved.older if reserved else ():
            await self._deliveries.attempt(owner.org_id, older_id, budget_s=INLINE_BUDGET_S)
        state = await self._deliveries.attempt(owner.org_id, attempt.id, budget_s=INLINE_BUDGET_S)
        if state is DeliveryState.REFUSED:
            return await self._answer_superseded(caller)
        return _describe(attempt)

    async def check(self, caller: Caller, body: Body) -> Examined:
        """What `submit` would say of this document, and its quality; nothing is kept.

        Raises:
            VerificationRefusal, TooManyRequests: as `submit` would.
        """
        owner = _get_owner(caller, "account")
        async with self._admissions:
            plan_upload(await self._admit(owner))
        with Spool() as sent, Spool("md5") as rebuilt:
            received = await self._examination.receive(body, sent, sender=owner.account_id)
            async with self._examination.turns:
                return await self._examination.examine(received, sent, rebuilt)

    async def list_attempts(self, caller: Caller) -> tuple[list[Attempt], VerificationFacts | None]:
        """Newest first, with the facts that tell the verdict on the one under review."""
        if caller.account_id is None:
            return [], None
        seen = (await self.reader.look_at_facts(caller)).seen
        async with self._adapters.database.transaction(caller.org_id) as session:
            attempts = await list_attempts(session, org_id=caller.org_id, account_id=caller.account_id)
        return attempts, seen.facts if seen else None

    async def _admit(self, owner: Owner) -> Seen | None:
        await self._throttle(owner.account_id)
        async with self._adapters.database.transaction(owner.org_id) as session:
            await check_quota(session, self._quota, owner.org_id, owner.account_id, now=self._now())
        return (await self.reader.look_at_facts(owner.caller)).seen

    async def _throttle(self, account_id: str) -> None:
        """Bodies of any kind. Fails open: the quota, which counts what was stored, is PostgreSQL's."""
        try:
            taken = await self._adapters.limiter.take(
                f"id-uploads:{account_id}", limit=self._quota.bodies_per_hour, window_s=3600
            )
        except CacheError:
            log.warning("id_uploads_unthrottled")
            return
        if not taken.allowed:
            raise TooManyRequests(retry_after_s=taken.retry_after_s)

    async def _reserve(self, owner: Owner) -> Reserved | None:
        if self._older_table is None:
            return None
        return await self._older_table.reserve(owner.org_id, owner.account_id)

    async def _answer_superseded(self, caller: Caller) -> Assessment:
        """Salesforce would not have it, because the account had moved on: the customer is told what holds now."""
        assessment = await self.reader.get_assessment(caller)
        if not assessment.can_upload:
            raise AlreadyVerified if assessment.status.value == "verified" else StatusUnknown
        return assessment


def _get_owner(caller: Caller, context: str) -> Owner:
    """Raises StatusUnknown: without an account there is nobody to verify."""
    if caller.account_id is None or caller.customer_id is None:
        raise StatusUnknown
    return Owner(caller=caller, customer_id=caller.customer_id, account_id=caller.account_id, context=context)


def _describe(attempt: AttemptSeen) -> Assessment:
    """From what is stored alone, so that a repetition is answered like the first time."""
    assessment = assess(None, LocalPicture(attempt=msgspec.structs.replace(attempt, stored_at=None)))
    if assessment is None:
        raise StatusUnknown
    return assessment
