"""Only clamd's exact clean answer lets a document pass."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bff.safekeeping.scanning import Scan, Scanner, parse_answer


@pytest.mark.parametrize(
    ("answer", "scan"),
    [
        (b"stream: OK\0", Scan.CLEAN),
        (b"stream: OK\n", Scan.CLEAN),
        (b"stream: Eicar-Test-Signature FOUND\0", Scan.INFECTED),
        (b"stream: Heuristics.Limits.Exceeded FOUND\0", Scan.INFECTED),
        (b"INSTREAM size limit exceeded. ERROR\0", Scan.UNKNOWN),
        (b"stream: OK FOUND OK\0", Scan.UNKNOWN),
        (b"OK\0", Scan.UNKNOWN),
        (b"stream: ok\0", Scan.UNKNOWN),
        (b"stream: OK\0stream: OK\0", Scan.UNKNOWN),
        (b"", Scan.UNKNOWN),
    ],
)
def test_reads_an_answer(answer: bytes, scan: Scan) -> None:
    assert parse_answer(answer) is scan


class Clamd:
    """Speaks the server's side of INSTREAM and answers as told."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.received = answer, b""

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            self.received += await reader.readexactly(size)
        writer.write(self.answer)
        writer.close()


async def chunks() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


@pytest.mark.asyncio
class TestScanner:
    async def test_streams_the_document_and_passes_a_clean_one(self) -> None:
        clamd = Clamd(b"stream: OK\0")
        async with clamd as address:
            assert await Scanner(address).scan(chunks()) is Scan.CLEAN

        assert clamd.received == b"onetwo"

    async def test_holds_when_clamd_says_nothing(self) -> None:
        async with Clamd(b"") as address:
            assert await Scanner(address).scan(chunks()) is Scan.UNKNOWN

    async def test_holds_when_clamd_is_down(self) -> None:
        async with Clamd(b"") as address:
            pass

        assert await Scanner(address).scan(chunks()) is Scan.UNKNOWN
