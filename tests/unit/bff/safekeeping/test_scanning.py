"""Only clamd's exact clean answer lets a document pass."""

from collections.abc import AsyncIterator

import pytest

from bff.safekeeping.scanning import Scan, Scanner, parse_answer
from tests.fixtures.clamd import Clamd


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
        (b"stream: OK", Scan.UNKNOWN),
        (b"stream: Eicar-Test-Signature FOUND", Scan.UNKNOWN),
        (b"", Scan.UNKNOWN),
    ],
)
def test_reads_an_answer(answer: bytes, scan: Scan) -> None:
    assert parse_answer(answer) is scan


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

    @pytest.mark.parametrize(
        ("answer", "scan"), [(b"stream: OK\0", Scan.CLEAN), (b"stream: OK.Trojan FOUND\0", Scan.INFECTED)]
    )
    async def test_waits_for_all_of_an_answer(self, answer: bytes, scan: Scan) -> None:
        clamd = Clamd(answer)
        clamd.pieces = 2
        async with clamd as address:
            assert await Scanner(address).scan(chunks()) is scan

    async def test_holds_when_clamd_says_nothing(self) -> None:
        async with Clamd(b"") as address:
            assert await Scanner(address).scan(chunks()) is Scan.UNKNOWN

    async def test_holds_when_clamd_is_down(self) -> None:
        async with Clamd(b"") as address:
            pass

        assert await Scanner(address).scan(chunks()) is Scan.UNKNOWN
