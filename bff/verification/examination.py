"""From a body on the wire to bytes that may be stored: received, decoded, rebuilt, scanned. Nothing is stored here."""

import asyncio
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

import msgspec

from bff.safekeeping.scanning import Scan, Scanner
from bff.verification.inspection.findings import DocumentRefused, Passed
from bff.verification.inspection.inspectors import Inspectors
from bff.verification.inspection.names import format_shown_name
from bff.verification.intake.courtesy import Courtesy
from bff.verification.intake.receive import Limits, Received, receive_document
from bff.verification.intake.spool import Spool
from bff.verification.refusals import NOT_TAKEN, DocumentInfected, PoorQuality

# There are two inspectors, and a document that is stored takes a connection to the database meanwhile.
_AT_ONCE = 2
_RECEIVING, _RECEIVING_FROM_ONE = 64, 4


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """An upload as it comes in; `chunks` is not touched before everything else allows it."""

    chunks: AsyncIterator[bytes]
    content_type: str
    content_length: int | None


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """`sha256` and `size` are of what was sent, `stored_md5` of what is stored."""

    shown_name: str
    sha256: str
    size: int
    inspected: Passed
    stored_md5: str
    is_scanned: bool
    send_anyway: bool


class Examination:
    """One per process."""

    def __init__(self, inspectors: Inspectors, scanner: Scanner | None, *, limits: Limits) -> None:
        self._inspectors = inspectors
        self._scanner = scanner
        self._limits = limits
        self._receiving = asyncio.Semaphore(_RECEIVING)
        self._receiving_from = WeakValueDictionary[str, asyncio.Semaphore]()
        self.courtesy = Courtesy()
        self.turns = asyncio.Semaphore(_AT_ONCE)
        """Hold one from the examination of a document until it is stored."""

    async def receive(self, body: Body, spool: Spool, *, sender: str) -> Received:
        """`sender` sends few at a time, so that nobody who sends slowly keeps others from sending.

        Raises DocumentNotTaken, IntakeRefused.
        """
        own = self._receiving_from.setdefault(sender, asyncio.Semaphore(_RECEIVING_FROM_ONE))
        try:
            async with own, self._receiving:
                return await receive_document(
                    body.chunks,
                    content_type=body.content_type,
                    content_length=body.content_length,
                    spool=spool,
                    limits=self._limits,
                    courtesy=self.courtesy,
                )
        except DocumentRefused as refused:
            raise NOT_TAKEN[refused.code] from None

    async def examine(self, received: Received, spool: Spool, rebuilt: Spool) -> Examined:
        """Fill `rebuilt`, whose digest is an MD5. Call it while holding a turn.

        Raises DocumentNotTaken, DocumentInfected.
        """
        try:
            inspected = await self._inspectors.inspect(
                received.kind, spool.size, self._stream(spool), write=rebuilt.write
            )
        except DocumentRefused as refused:
            raise NOT_TAKEN[refused.code] from None
        scan = await self._scanner.scan(self._stream(spool)) if self._scanner else Scan.CLEAN
        if scan is Scan.INFECTED:
            raise DocumentInfected
        rebuilt.finish()
        return Examined(
            shown_name=format_shown_name(received.file_name),
            sha256=spool.digest,
            size=spool.size,
            inspected=inspected,
            stored_md5=rebuilt.digest,
            is_scanned=scan is Scan.CLEAN,
            send_anyway=received.send_anyway,
        )

    async def _stream(self, spool: Spool) -> AsyncIterator[bytes]:
        for block in spool.blocks():
            await self.courtesy.give_way()
            yield block


def check_quality(examined: Examined) -> None:
    """Raises PoorQuality, unless the customer wants it sent as it is."""
    if examined.inspected.quality and not examined.send_anyway:
        raise PoorQuality(examined.inspected.quality)
