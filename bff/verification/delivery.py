"""How an accepted document becomes a version of the account's File in Salesforce, at last exactly one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import Delivered, Delivery, DeliveryHandler, Outcome, Refused, Retry, Unknown, handler
from bff.deliveries.judging import judge_failure
from bff.safekeeping.scanning import Scan
from bff.safekeeping.sealing import SealBroken
from bff.verification.pictures import make_pictures
from bff.verification.repository import (
    find_envelope,
    find_part,
    get_stored_md5,
    is_overtaken,
    record_verdict,
    settle_attempt,
)
from bff.verification.rules import Anew, plan_anew
from sf_sync.documents import DocumentStored, DocumentSuperseded
from sf_sync.errors import SalesforceError
from sf_sync.objects.account import VerificationFacts, VerificationStatus
from sf_sync.objects.document import DocumentFile, StoredDocument
from sf_sync.objects.document_submission import SubmitDocument

KIND = "id_document"
_MOST_TRIES = 3
_BLOCK = 64 * 1024


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What the delivery's payload keeps of an upload; the document itself is in `document_outbox`."""

    submitted_at: datetime
    expected: VerificationFacts
    file_name: str
    is_scanned: bool


def format_identity(delivery_org: object, attempt_id: object) -> str:
    """What a sealed document is bound to."""
    return f"{delivery_org}|{attempt_id}"


@handler(KIND)
class DocumentDelivery(DeliveryHandler):
    """One composite call that changes the account only while it is as expected; else the rules decide again."""

    timeout_s = 60.0
    turn_s: ClassVar[float] = 20.0
    """How long one waits for its turn; later than that there might be no time left to send it in."""

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        try:
            async with asyncio.timeout(self.turn_s):
                await adapters.documents.turns.acquire()
        except TimeoutError:
            return Retry("Other documents are on their way.")
        try:
            content = await self._open(delivery, adapters)
            if isinstance(content, Refused | Retry):
                return content
            return await self._send_scanned(delivery, content, adapters)
        finally:
            adapters.documents.turns.release()

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        async with adapters.account_view.writing(delivery.account_id) as write:
            stored = await adapters.documents.find(delivery.id)
            if stored is None:
                write.leave_unknown()
                return None
        promise = msgspec.convert(delivery.payload, Promise)
        outcome = await self._confirm(delivery, stored, before=promise.expected, adapters=adapters)
        return outcome if isinstance(outcome, Delivered) else None

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        is_delivered = isinstance(outcome, Delivered)
        at = datetime.now(UTC)
        if before := outcome.data.get("before"):
            await _keep_verdict(session, delivery, msgspec.convert(before, VerificationFacts), at)
        await settle_attempt(
            session,
            org_id=delivery.org_id,
            attempt_id=delivery.id,
            state="delivered" if is_delivered else outcome.data.get("state", "refused"),
            stored=outcome.data,
            at=datetime.fromisoformat(outcome.data["storedAt"]) if is_delivered else at,
        )

    async def settled(self, delivery: Delivery, adapters: Adapters) -> None:
        await make_pictures(adapters).announce([delivery.account_id])

    async def _open(self, delivery: Delivery, adapters: Adapters) -> bytearray | Refused | Retry:
        async with adapters.database.transaction(delivery.org_id) as session:
            if await is_overtaken(session, org_id=delivery.org_id, attempt_id=delivery.id):
                return Refused("A later document of the account is stored already.", {"state": "superseded"})
        try:
            content = await _unseal(delivery, adapters)
        except SealBroken:
            return Retry("The document's key is not configured, or its rows were altered.")
        return Retry("The document is not in the outbox.") if content is None else content

    async def _send_scanned(self, delivery: Delivery, content: bytearray, adapters: Adapters) -> Outcome:
        """A document that could not be scanned when it came is held until it can."""
        promise = msgspec.convert(delivery.payload, Promise)
        if not promise.is_scanned and adapters.scanner is not None:
            scan = await adapters.scanner.scan(_blocks(content))
            if scan is Scan.INFECTED:
                return Refused("The scanner found malware.", {"state": "refused"})
            if scan is Scan.UNKNOWN:
                return Retry("The document is held: the scanner gives no clean answer.")
        async with adapters.account_view.writing(delivery.account_id) as write:
            outcome = await self._send(delivery, promise, content, adapters)
            if isinstance(outcome, Unknown):
                write.leave_unknown()
            return outcome

    async def _send(
        self, delivery: Delivery, promise: Promise, content: bytearray, adapters: Adapters
    ) -> Outcome:
        expected = promise.expected
        for _ in range(_MOST_TRIES):
            try:
                answer = await adapters.documents.submit(_make_command(delivery, promise, expected, content))
            except SalesforceError as error:
                return judge_failure(error)
            if isinstance(answer, DocumentStored):
                return await self._confirm(delivery, answer.stored, before=expected, adapters=adapters)
            again = _expect_anew(answer)
            if not isinstance(again, VerificationFacts):
                return again
            expected = again
        return Retry("The account changes all the time.")

    async def _confirm(
        self,
        delivery: Delivery,
        stored: StoredDocument,
        *,
        before: VerificationFacts,
        adapters: Adapters,
    ) -> Delivered | Retry:
        """The document leaves the outbox only when what Salesforce holds is, byte for byte, what we sent."""
        async with adapters.database.transaction(delivery.org_id) as session:
            md5 = await get_stored_md5(session, org_id=delivery.org_id, attempt_id=delivery.id)
        if stored.checksum != md5:
            return Retry("Salesforce holds other bytes than were sent.")
        data = {"version": stored.version_id, "document": stored.document_id}
        data |= {"storedAt": datetime.now(UTC).isoformat(), "before": msgspec.to_builtins(before)}
        return Delivered(stored.version_id, data)


async def _unseal(delivery: Delivery, adapters: Adapters) -> bytearray | None:
    """Part by part, as large rows and large messages hold up everything else in the process. Raises SealBroken."""
    place = {"org_id": delivery.org_id, "attempt_id": delivery.id}
    async with adapters.database.transaction(delivery.org_id) as session:
        if (found := await find_envelope(session, **place)) is None:
            return None
        envelope, count = found
        seal = adapters.document_keys.read_seal(
            envelope, identity=format_identity(delivery.org_id, delivery.id)
        )
        content = bytearray()
        for number in range(count):
            part = await find_part(session, **place, number=number)
            if part is None:
                return None
            # What the database sent ahead is read without waiting; others shall have a turn all the same.
            await asyncio.sleep(0)
            content += seal.open(part, number=number, is_last=number == count - 1)
    return content or None


async def _blocks(content: bytearray) -> AsyncIterator[bytes]:
    for at in range(0, len(content), _BLOCK):
        yield bytes(content[at : at + _BLOCK])


def _make_command(
    delivery: Delivery, promise: Promise, expected: VerificationFacts, content: bytearray
) -> SubmitDocument:
    return SubmitDocument(
        account_id=delivery.account_id,
        file=DocumentFile(upload_id=delivery.id, file_name=promise.file_name, content=content),
        submitted_at=promise.submitted_at,
        expected=expected,
    )


def _expect_anew(answer: DocumentSuperseded) -> VerificationFacts | Outcome:
    facts = answer.facts.verification if answer.facts else None
    plan = plan_anew(facts)
    if plan is Anew.SENT_AGAIN and facts is not None:
        return facts
    if plan is Anew.SENT_LATER:
        return Retry("The account's status has a value that is not known.")
    return Refused("Salesforce has moved on meanwhile.", {"state": "superseded"})


async def _keep_verdict(
    session: AsyncSession, delivery: Delivery, before: VerificationFacts, at: datetime
) -> None:
    """The new upload has just cleared the verdict from the account; here it stays with the attempt it was about."""
    if before.status is not VerificationStatus.REJECTED or before.submitted_version_id is None:
        return
    await record_verdict(
        session,
        org_id=delivery.org_id,
        version_id=before.submitted_version_id,
        verdict=before.status,
        message=before.rejection_message,
        at=at,
    )
