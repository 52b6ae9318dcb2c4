"""One document off the wire, under limits of size, pace and total time (reliability table U3, U5)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import msgspec

from bff.verification.inspection.findings import Kind
from bff.verification.inspection.headers import check_declared_size
from bff.verification.inspection.kinds import HEAD_BYTES, read_kind
from bff.verification.intake.courtesy import Courtesy
from bff.verification.intake.multipart import DocumentForm, parse_boundary
from bff.verification.intake.refusals import UploadMalformed, UploadTooLarge, UploadTooSlow
from bff.verification.intake.spool import BLOCK_BYTES, Spool


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How slow a client may be: seconds to the next chunk, bytes a second once `grace_s` is over, seconds in all."""

    chunk_s: float = 10.0
    grace_s: float = 10.0
    bytes_per_s: float = 1024.0
    total_s: float = 60.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`document_bytes` bounds the file itself; the multipart wrapping may add `wrapping_bytes`."""

    document_bytes: int = 10 * 1024 * 1024
    wrapping_bytes: int = 16 * 1024
    pace: Pace = Pace()


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is what name and first bytes agree on; the full decode still has to agree."""

    file_name: str
    kind: Kind
    send_anyway: bool


async def receive_document(
    body: AsyncIterator[bytes],
    *,
    content_type: str,
    content_length: int | None,
    spool: Spool,
    limits: Limits,
    courtesy: Courtesy,
) -> Received:
    """Fill `spool` with the part named `file`.

    Raises IntakeRefused (400, 408, 413, 415) or DocumentRefused. Reads no further once it is sure of a refusal.
    """
    boundary = parse_boundary(content_type)
    if content_length is not None and content_length > limits.document_bytes + limits.wrapping_bytes:
        raise UploadTooLarge
    form = DocumentForm(boundary, _write_within(spool, limits.document_bytes))
    await _pump(body, form, spool, limits, courtesy)
    form.finish()
    spool.finish()
    return _conclude(form, spool)


def _write_within(spool: Spool, limit: int) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        if spool.size + len(data) > limit:
            raise UploadTooLarge
        spool.write(data)

    return write


async def _pump(
    body: AsyncIterator[bytes], form: DocumentForm, spool: Spool, limits: Limits, courtesy: Courtesy
) -> None:
    began, seen, checked = time.monotonic(), 0, False
    async for chunk in _paced(body, limits.pace):
        seen += len(chunk)
        if seen > limits.document_bytes + limits.wrapping_bytes:
            raise UploadTooLarge
        for at in range(0, len(chunk), BLOCK_BYTES):
            await courtesy.give_way()
            form.feed(chunk[at : at + BLOCK_BYTES])
        _check_rate(limits.pace, seen, time.monotonic() - began)
        if not checked and form.file_name is not None and spool.size >= HEAD_BYTES:
            checked = True
            read_kind(form.file_name, spool.head[:HEAD_BYTES])


async def _paced(body: AsyncIterator[bytes], pace: Pace) -> AsyncIterator[bytes]:
    ends = time.monotonic() + pace.total_s
    while True:
        try:
            async with asyncio.timeout(min(pace.chunk_s, ends - time.monotonic())):
                chunk = await anext(body, None)
        except TimeoutError as error:
            raise UploadTooSlow from error
        if chunk is None:
            return
        yield chunk


def _check_rate(pace: Pace, seen: int, elapsed_s: float) -> None:
    if elapsed_s > pace.grace_s and seen < pace.bytes_per_s * elapsed_s:
        raise UploadTooSlow


def _conclude(form: DocumentForm, spool: Spool) -> Received:
    if form.file_name is None:
        raise UploadMalformed
    kind = read_kind(form.file_name, spool.head[:HEAD_BYTES])
    check_declared_size(kind, spool.head)
    return Received(file_name=form.file_name, kind=kind, send_anyway=form.fields.get("sendAnyway") == "true")
