"""What an examined document becomes in one transaction: attempt, sealed document, delivery and audit line."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.deliveries import Deliveries
from bff.identity import Caller
from bff.safekeeping.sealing import PART_BYTES, Seal
from bff.verification.delivery import KIND, Promise, format_identity
from bff.verification.examination import Examined
from bff.verification.intake.courtesy import Courtesy
from bff.verification.intake.spool import Spool
from bff.verification.older_table import Reserved
from bff.verification.pictures import make_pictures
from bff.verification.quota import Quota, check_quota
from bff.verification.repository import (
    NewAttempt,
    find_repetition,
    get_next_number,
    insert_attempt,
    insert_kept_attempt,
    insert_part,
)
from bff.verification.rules import AttemptSeen, LocalPicture, Seen, assess, find_open_attempt
from sf_sync.objects.account import VerificationFacts

_EXTENSIONS = {"jpeg": "jpg", "png": "png", "pdf": "pdf"}


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose document it is, and on which page it was sent (`account` or `checkout`)."""

    caller: Caller
    customer_id: UUID
    account_id: str
    context: str

    @property
    def org_id(self) -> UUID:
        return self.caller.org_id


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload was admitted on. `expected` are the facts that its delivery builds on."""

    seen: Seen | None
    expected: VerificationFacts
    reserved: Reserved | None


class Acceptance:
    """One per process. What it returns from survives our crash and Salesforce's absence."""

    def __init__(
        self,
        adapters: Adapters,
        deliveries: Deliveries,
        courtesy: Courtesy,
        *,
        quota: Quota,
        now: Callable[[], datetime],
    ) -> None:
        self._pictures = make_pictures(adapters)
        self._adapters = adapters
        self._deliveries = deliveries
        self._courtesy = courtesy
        self._quota = quota
        self._now = now

    async def store(
        self, owner: Owner, examined: Examined, rebuilt: Spool, decision: Decision
    ) -> AttemptSeen:
        """
        Raises:
            QuotaUsedUp: others were stored while this one was received.
        """
        reserved = decision.reserved
        attempt_id = reserved.attempt_id if reserved else uuid4()
        seal = self._adapters.document_keys.make_seal(identity=format_identity(owner.org_id, attempt_id))
        async with (
            self._pictures.writing(owner.account_id),
            self._adapters.database.transaction(owner.org_id) as session,
        ):
            number = await get_next_number(session, org_id=owner.org_id, account_id=owner.account_id)
            if repeated := await self._find_repetition(session, owner, examined, decision.seen):
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
                await self._deliver(session, owner, attempt, examined, decision.expected)
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
            await self._courtesy.give_way()
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
