"""What one transaction decides and writes when a review is asked for."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses import (
    Address,
    AddressInput,
    digest_address,
    find_default_address,
    format_for_reviewer,
    make_address,
    save_default_address,
)
from bff.audit import record
from bff.deliveries import Deliveries
from bff.eligibility.delivery import KIND, Promise
from bff.eligibility.repository import NewRequest, find_contact_id, get_picture, insert_request
from bff.eligibility.rules import Accept, AlreadyOpen, LocalPicture, Seen, plan_request
from bff.identity import Caller
from sf_sync.objects.account import EligibilityFacts


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a review as it came in."""

    address: AddressInput | None = None
    sku: str | None = None
    notes: str | None = None


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, for which account."""

    caller: Caller
    customer_id: UUID
    account_id: str

    @property
    def org_id(self) -> UUID:
        return self.caller.org_id


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, kept under the Idempotency-Key: enough to answer a repetition like the first time.

    Without a `request_id` a review was open already. `facts` are those that the decision was made on.
    """

    request_id: UUID | None = None
    facts: EligibilityFacts | None = None


class Acceptance:
    """Refuses by raising `EligibilityRefusal`, which rolls everything back."""

    def __init__(self, deliveries: Deliveries, now: Callable[[], datetime]) -> None:
        self._deliveries = deliveries
        self._now = now

    async def decide(self, session: AsyncSession, asker: Asker, asked: Asked, seen: Seen | None) -> Ticket:
        picture = await get_picture(session, asker.org_id, asker.account_id)
        on_file = await find_default_address(session, org_id=asker.org_id, customer_id=asker.customer_id)
        given = make_address(asked.address, region=asker.caller.region) if asked.address else None
        reviewed_digest = _find_reviewed(picture, on_file)
        plan = plan_request(seen, picture, address=given or on_file, reviewed_digest=reviewed_digest)
        if isinstance(plan, AlreadyOpen):
            return Ticket()
        request = self._make_request(asker, asked, plan)
        if not await insert_request(session, request):
            return Ticket()
        if on_file is None:
            await save_default_address(
                session, org_id=asker.org_id, customer_id=asker.customer_id, address=plan.address
            )
        await self._promise(session, request, plan.expected, reviewed_digest)
        await record(
            session,
            org_id=asker.org_id,
            actor=asker.caller.actor,
            action="eligibility.requested",
            subject=f"account:{asker.account_id}",
            detail={"request": str(request.id), "sku": asked.sku},
        )
        return Ticket(request_id=request.id, facts=plan.expected)

    def _make_request(self, asker: Asker, asked: Asked, plan: Accept) -> NewRequest:
        return NewRequest(
            id=uuid4(),
            org_id=asker.org_id,
            customer_id=asker.customer_id,
            account_id=asker.account_id,
            address=plan.address,
            sku=asked.sku,
            notes=asked.notes or None,
            requested_at=self._now(),
        )

    async def _promise(
        self,
        session: AsyncSession,
        request: NewRequest,
        expected: EligibilityFacts,
        reviewed_digest: bytes | None,
    ) -> None:
        contact_id = await find_contact_id(session, org_id=request.org_id, customer_id=request.customer_id)
        promise = Promise(
            requested_at=request.requested_at,
            expected=expected,
            service_address=format_for_reviewer(request.address),
            address_digest=digest_address(request.address),
            reviewed_digest=reviewed_digest,
            contact_id=contact_id,
            sku=request.sku,
            notes=request.notes,
        )
        await self._deliveries.enqueue(
            session,
            kind=KIND,
            org_id=request.org_id,
            account_id=request.account_id,
            payload=msgspec.to_builtins(promise),
            op_id=request.id,
        )


def _find_reviewed(picture: LocalPicture, on_file: Address | None) -> bytes | None:
    """A review that the portal knows nothing of can only have been about the address on file."""
    if picture.request:
        return picture.request.address_digest
    return digest_address(on_file) if on_file else None
