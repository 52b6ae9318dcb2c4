"""How an accepted request becomes a Case in Salesforce, at last exactly one."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import Delivered, Delivery, DeliveryHandler, Outcome, Refused, Retry, Unknown, handler
from bff.deliveries.judging import judge_failure
from bff.eligibility.pictures import make_pictures
from bff.eligibility.repository import settle_request
from bff.eligibility.rules import expect_anew
from sf_sync.errors import SalesforceError
from sf_sync.objects.account import EligibilityFacts
from sf_sync.objects.case import OpenEligibilityCase
from sf_sync.salesforce import CaseOpened, CaseSuperseded

KIND = "eligibility_request"
_MOST_TRIES = 3


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What the delivery's payload keeps of a request. `reviewed_digest` is the address reviewed before it."""

    requested_at: datetime
    expected: EligibilityFacts
    service_address: str
    address_digest: bytes
    reviewed_digest: bytes | None
    contact_id: str | None
    sku: str | None
    notes: str | None


@handler(KIND)
class EligibilityDelivery(DeliveryHandler):
    """One composite call that changes the account only while it is as expected; else the rules decide again."""

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        promise = msgspec.convert(delivery.payload, Promise)
        async with adapters.account_view.writing(delivery.account_id) as write:
            outcome = await self._send(delivery, promise, adapters)
            if isinstance(outcome, Unknown):
                write.leave_unknown()
            return outcome

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        async with adapters.account_view.writing(delivery.account_id) as write:
            opened = await adapters.salesforce.find_eligibility_case(delivery.id)
            if opened is None:
                write.leave_unknown()
                return None
            return _make_delivered(opened.case_id)

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        is_delivered = isinstance(outcome, Delivered)
        opened_at = outcome.data.get("openedAt")
        await settle_request(
            session,
            org_id=delivery.org_id,
            request_id=delivery.id,
            state="delivered" if is_delivered else outcome.data.get("state", "refused"),
            case_id=outcome.salesforce_id if isinstance(outcome, Delivered) else None,
            at=datetime.fromisoformat(opened_at) if opened_at else datetime.now(UTC),
        )

    async def settled(self, delivery: Delivery, adapters: Adapters) -> None:
        await make_pictures(adapters).announce([delivery.account_id])

    async def _send(self, delivery: Delivery, promise: Promise, adapters: Adapters) -> Outcome:
        expected: EligibilityFacts | None = promise.expected
        for _ in range(_MOST_TRIES):
            if expected is None:
                return Refused("Salesforce has moved on meanwhile.", {"state": "superseded"})
            try:
                answer = await adapters.salesforce.open_eligibility_case(
                    _make_command(delivery, promise, expected)
                )
            except SalesforceError as error:
                return judge_failure(error)
            if isinstance(answer, CaseOpened):
                return _make_delivered(answer.case_id)
            expected = _expect_anew(answer, promise)
        return Retry("The account changes all the time.")


def _make_command(delivery: Delivery, promise: Promise, expected: EligibilityFacts) -> OpenEligibilityCase:
    return OpenEligibilityCase(
        request_id=delivery.id,
        account_id=delivery.account_id,
        expected=expected,
        requested_at=promise.requested_at,
        service_address=promise.service_address,
        contact_id=promise.contact_id,
        sku=promise.sku,
        notes=promise.notes,
    )


def _expect_anew(answer: CaseSuperseded, promise: Promise) -> EligibilityFacts | None:
    facts = answer.facts.eligibility if answer.facts else None
    return expect_anew(facts, address_digest=promise.address_digest, reviewed_digest=promise.reviewed_digest)


def _make_delivered(case_id: str) -> Delivered:
    # Taken while the account still is marked as being written: whoever reads it later reads at least this.
    return Delivered(case_id, {"openedAt": datetime.now(UTC).isoformat()})
