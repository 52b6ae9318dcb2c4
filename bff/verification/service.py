"""Taking a document: refuse before the body where possible, examine, promise, and try to deliver it at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.deliveries import Deliveries, DeliveryState
from bff.errors import TooManyRequests
from bff.identity import Caller
from bff.safekeeping.sealing import PART_BYTES, Seal
from bff.verification.delivery import KIND, Promise, format_identity
from bff.verification.examination import Body, Examination, Examined, check_quality
from bff.verification.intake.spool import Spool
from bff.verification.older_table import OlderTable, Reserved
from bff.verification.pictures import make_pictures
from bff.verification.quota import Quota, check_quota
from bff.verification.reading import Reader
from bff.verification.refusals import AlreadyVerified, StatusUnknown
from bff.verification.repository import (
    Attempt,
    NewAttempt,
    find_repetition,
    get_next_number,
    insert_attempt,
    insert_kept_attempt,
    insert_part,
    list_attempts,
)
from bff.verification.rules import (
    Assessment,
    AttemptSeen,
    LocalPicture,
    Seen,
    assess,
    find_open_attempt,
    plan_upload,
)
from cache.errors import CacheError
from sf_sync.objects.account import VerificationFacts

INLINE_BUDGET_S = 2.5
"""How long a customer waits for Salesforce before the worker takes over."""
_EXTENSIONS = {"jpeg": "jpg", "png": "png", "pdf": "pdf"}

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose document it is, and on which page it was sent (`account` or `checkout`)."""

    caller: Caller
    customer_id: UUID
    account_id: str
    context: str

    @property
    def org_id(self) -> UUID:
        return self.caller.org_id


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
        self._now = now

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
        seen = await self._admit(owner)
        expected = plan_upload(seen)
        with Spool() as sent, Spool("md5") as rebuilt:
            received = await self._examination.receive(body, sent, sender=owner.account_id)
            async with self._examination.turns:
                examined = await self._examination.examine(received, sent, rebuilt)
                if requires_quality:
                    check_quality(examined)
                reserved = await self._reserve(owner)
                attempt = await self._store(owner, examined, rebuilt, seen, expected, reserved)
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

    async def _store(
        self,
        owner: Owner,
        examined: Examined,
        rebuilt: Spool,
        seen: Seen | None,
        expected: VerificationFacts,
        reserved: Reserved | None,
    ) -> AttemptSeen:
        """The attempt, the sealed document, the delivery and the audit line in one transaction."""
        attempt_id = reserved.attempt_id if reserved else uuid4()
        seal = self._adapters.document_keys.make_seal(identity=format_identity(owner.org_id, attempt_id))
        async with (
            self._pictures.writing(owner.account_id),
            self._adapters.database.transaction(owner.org_id) as session,
        ):
            number = await get_next_number(session, org_id=owner.org_id, account_id=owner.account_id)
            if repeated := await self._find_repetition(session, owner, examined, seen):
                return repeated
            await check_quota(session, self._quota, owner.org_id, owner.account_id, now=self._now())
            number += len(reserved.older) if reserved else 0
            attempt = self._make_attempt(owner, examined, attempt_id=attempt_id, number=number)
            if reserved:
                await reserved.store(session, attempt, b"".join(rebuilt.blocks()))
            if reserved and reserved.is_only:
                await insert_kept_attempt(session, attempt)
            else:
                await insert_attempt(session, attempt, seal.envelope)
                await self._insert_parts(session, attempt, rebuilt, seal)
                await self._deliver(session, owner, attempt, examined, expected)
            await self._record(session, owner, attempt)
        return AttemptSeen(
            id=attempt.id,
            number=number,
            shown_name=attempt.shown_name,
            size=attempt.size,
            submitted_at=attempt.submitted_at,
        )

    async def _find_repetition(
        self, session: AsyncSession, owner: Owner, examined: Examined, seen: Seen | None
    ) -> AttemptSeen | None:
        """The same bytes again while they wait for review: a lost answer or a double click, not a new attempt."""
        newest = await find_repetition(
            session, org_id=owner.org_id, account_id=owner.account_id, sha256=examined.sha256
        )
        if newest is None:
            return None
        assessment = assess(seen, LocalPicture(attempt=newest))
        is_under_review = find_open_attempt(seen, LocalPicture(attempt=newest)) or (
            assessment and assessment.status.value == "submitted"
        )
        return newest if is_under_review else None

    async def _insert_parts(
        self, session: AsyncSession, attempt: NewAttempt, rebuilt: Spool, seal: Seal
    ) -> None:
        last = max(rebuilt.size - 1, 0) // PART_BYTES
        for number, part in enumerate(rebuilt.parts(PART_BYTES)):
            await self._examination.courtesy.give_way()
            await insert_part(
                session, attempt, number, seal.close(part, number=number, is_last=number == last)
            )

    def _make_attempt(self, owner: Owner, examined: Examined, *, attempt_id: UUID, number: int) -> NewAttempt:
        return NewAttempt(
            org_id=owner.org_id,
            id=attempt_id,
            customer_id=owner.customer_id,
            account_id=owner.account_id,
            number=number,
            sha256=examined.sha256,
            stored_md5=examined.stored_md5,
            size=examined.size,
            kind=examined.inspected.kind,
            shown_name=examined.shown_name,
            context=owner.context,
            submitted_at=self._now(),
        )

    async def _reserve(self, owner: Owner) -> Reserved | None:
        if self._older_table is None:
            return None
        return await self._older_table.reserve(owner.org_id, owner.account_id)

    async def _deliver(
        self,
        session: AsyncSession,
        owner: Owner,
        attempt: NewAttempt,
        examined: Examined,
        expected: VerificationFacts,
    ) -> None:
        promise = Promise(
            submitted_at=attempt.submitted_at,
            expected=expected,
            file_name=f"{attempt.id}.{_EXTENSIONS[attempt.kind]}",
            is_scanned=examined.is_scanned,
        )
        await self._deliveries.enqueue(
            session,
            kind=KIND,
            org_id=owner.org_id,
            account_id=owner.account_id,
            payload=msgspec.to_builtins(promise),
            op_id=attempt.id,
        )

    async def _record(self, session: AsyncSession, owner: Owner, attempt: NewAttempt) -> None:
        await record(
            session,
            org_id=owner.org_id,
            actor=owner.caller.actor,
            action="verification.submitted",
            subject=f"account:{owner.account_id}",
            detail={"attempt": str(attempt.id), "number": attempt.number},
        )

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
