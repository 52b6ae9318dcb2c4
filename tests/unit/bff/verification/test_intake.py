"""A document comes off the wire whole, or is refused early; never half, never late, never in clear."""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from bff.verification.inspection.findings import DocumentRefused, Kind, RefusalCode
from bff.verification.intake.courtesy import Courtesy
from bff.verification.intake.receive import Limits, Pace, Received, receive_document
from bff.verification.intake.refusals import IntakeRefused
from bff.verification.intake.spool import Spool
from tests.documents import CANARY, make_jpeg, make_png_header

BOUNDARY = "b0undary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
JPEG = make_jpeg()


def make_part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    shown = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def make_body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def make_upload(content: bytes = JPEG, file_name: str = "card.jpg") -> bytes:
    return make_body(make_part("file", content, file_name))


async def chunked(body: bytes, sizes: Iterable[int] = ()) -> AsyncIterator[bytes]:
    at = 0
    for size in sizes:
        yield body[at : at + size]
        at += size
    while at < len(body):
        yield body[at : at + 65_536]
        at += 65_536


async def receive(body: AsyncIterator[bytes], spool: Spool, **changes: object) -> Received:
    options: dict[str, object] = {
        "content_type": CONTENT_TYPE,
        "content_length": None,
        "limits": Limits(),
        "courtesy": Courtesy(),
    } | changes
    return await receive_document(body, spool=spool, **options)  # type: ignore[arg-type]


async def refusal_of(body: AsyncIterator[bytes], **changes: object) -> tuple[int, str]:
    with Spool() as spool, pytest.raises(IntakeRefused) as refused:
        await receive(body, spool, **changes)
    return refused.value.status, refused.value.code


@pytest.mark.asyncio
class TestReceive:
    async def test_takes_the_file_whole_whatever_the_chunks(self) -> None:
        body = make_upload()
        for seed in range(50):
            sizes = [random.Random(seed).randint(1, 400) for _ in range(30)]
            with Spool() as spool:
                received = await receive(chunked(body, sizes), spool)

                assert (received.kind, received.file_name, received.send_anyway) == (
                    Kind.JPEG,
                    "card.jpg",
                    False,
                )
                assert b"".join(spool.blocks()) == JPEG
                assert spool.digest == hashlib.sha256(JPEG).hexdigest()

    @pytest.mark.parametrize("before", [True, False])
    async def test_reads_send_anyway_before_or_behind_the_file(self, before: bool) -> None:
        parts = [make_part("sendAnyway", b"true"), make_part("file", JPEG, "card.jpg")]
        with Spool() as spool:
            received = await receive(chunked(make_body(*(parts if before else parts[::-1]))), spool)

        assert received.send_anyway

    async def test_takes_a_file_of_exactly_the_limit_and_no_byte_more(self) -> None:
        limit = len(JPEG)
        with Spool() as spool:
            await receive(chunked(make_upload()), spool, limits=Limits(document_bytes=limit))

        assert await refusal_of(chunked(make_upload()), limits=Limits(document_bytes=limit - 1)) == (
            413,
            "body_too_large",
        )

    async def test_refuses_a_declared_length_over_the_limit_before_reading(self) -> None:
        async def untouched() -> AsyncIterator[bytes]:
            raise AssertionError("the body was read")
            yield b""

        assert await refusal_of(untouched(), content_length=11 * 1024 * 1024) == (413, "body_too_large")

    async def test_stops_reading_an_endless_body_at_the_limit(self) -> None:
        seen = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal seen
            yield make_part("file", JPEG, "card.jpg")[:-2]
            while True:
                seen += 65_536
                yield bytes(65_536)

        assert await refusal_of(endless()) == (413, "body_too_large")
        assert seen <= 10 * 1024 * 1024 + 65_536

    async def test_stops_reading_what_has_no_end_behind_the_file(self) -> None:
        seen = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal seen
            yield make_upload()
            while True:
                seen += 65_536
                yield bytes(65_536)

        assert await refusal_of(endless(), limits=Limits(document_bytes=len(JPEG))) == (413, "body_too_large")
        assert seen <= 65_536

    async def test_refuses_a_bomb_by_its_header_at_once(self) -> None:
        body = make_upload(make_png_header(60_000, 60_000), "card.png")
        began = time.process_time()
        with Spool() as spool, pytest.raises(DocumentRefused) as refused:
            await receive(chunked(body), spool)

        assert refused.value.code is RefusalCode.TOO_MANY_PIXELS
        assert time.process_time() - began < 0.05

    async def test_cuts_a_client_that_goes_silent(self) -> None:
        async def silent() -> AsyncIterator[bytes]:
            yield make_upload()[:500]
            await asyncio.sleep(60)

        async with asyncio.timeout(5):
            refusal = await refusal_of(silent(), limits=Limits(pace=Pace(chunk_s=0.05)))

        assert refusal == (408, "upload_too_slow")

    async def test_cuts_a_client_that_drips(self) -> None:
        pace = Pace(grace_s=0.05, bytes_per_s=100_000)

        async with asyncio.timeout(5):
            assert await refusal_of(drip(), limits=Limits(pace=pace)) == (408, "upload_too_slow")

    async def test_cuts_a_client_that_takes_too_long_in_all(self) -> None:
        pace = Pace(bytes_per_s=0, total_s=0.1)

        async with asyncio.timeout(5):
            assert await refusal_of(drip(), limits=Limits(pace=pace)) == (408, "upload_too_slow")


async def drip() -> AsyncIterator[bytes]:
    for byte in make_upload():
        yield bytes([byte])
        await asyncio.sleep(0.01)


MALFORMED = {
    "nothing": b"",
    "no part": make_body(),
    "a cut body": make_upload()[:-30],
    "no file": make_body(make_part("sendAnyway", b"true")),
    "an unknown field": make_body(make_part("status", b"verified"), make_part("file", JPEG, "card.jpg")),
    "a file without a name": make_body(make_part("file", JPEG)),
    "a file with an empty name": make_body(make_part("file", JPEG, "")),
    "two files": make_body(make_part("file", JPEG, "a.jpg"), make_part("file", JPEG, "b.jpg")),
    "a long field": make_body(make_part("sendAnyway", b"x" * 17), make_part("file", JPEG, "card.jpg")),
    "a field twice": make_body(make_part("sendAnyway", b"true"), make_part("sendAnyway", b"true")),
    "a header without end": f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + b"x" * 9_000,
    "too many headers": f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 50 + b"\r\n",
    "another boundary": make_upload().replace(BOUNDARY.encode(), b"other"),
}


@pytest.mark.asyncio
class TestMalformedBodies:
    @pytest.mark.parametrize("case", MALFORMED)
    async def test_are_refused(self, case: str) -> None:
        assert await refusal_of(chunked(MALFORMED[case])) == (400, "invalid_request")

    @pytest.mark.parametrize(
        "content_type", ["", "application/json", "image/jpeg", "multipart/mixed; boundary=x"]
    )
    async def test_other_content_types_are_refused(self, content_type: str) -> None:
        assert await refusal_of(chunked(make_upload()), content_type=content_type) == (
            415,
            "unsupported_media_type",
        )

    @pytest.mark.parametrize(
        "content_type", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 71}"]
    )
    async def test_a_missing_or_long_boundary_is_refused(self, content_type: str) -> None:
        assert await refusal_of(chunked(make_upload()), content_type=content_type) == (400, "invalid_request")

    async def test_mutated_bodies_are_taken_or_refused_and_nothing_else(self) -> None:
        body, generator = make_upload(JPEG[:600]), random.Random(7)
        for _ in range(3_000):
            mutated = bytearray(body)
            for _ in range(generator.randint(1, 8)):
                mutated[generator.randrange(len(mutated))] = generator.randrange(256)
            with Spool() as spool:
                try:
                    await receive(chunked(bytes(mutated[: generator.randint(1, len(mutated))])), spool)
                except (IntakeRefused, DocumentRefused):
                    continue


class TestSpool:
    def test_keeps_nothing_in_clear_on_disk(self) -> None:
        with Spool() as spool:
            spool.write(CANARY * 20_000)
            spool.finish()
            on_disk = Path(f"/proc/self/fd/{spool._file.fileno()}").read_bytes()

            assert len(on_disk) >= len(CANARY) * 20_000
            assert CANARY not in on_disk

    def test_has_no_name(self) -> None:
        with Spool() as spool:
            assert "(deleted)" in str(Path(f"/proc/self/fd/{spool._file.fileno()}").readlink())
