"""Malware scan over clamd's INSTREAM protocol (clamd(8)), used when `CLAMD_ADDRESS` is set.

Only the exact clean answer passes. A finding refuses; anything else, silence included, holds the document: it is
kept, not forwarded. Configure clamd with `StreamMaxLength` above our 10 MiB and `AlertExceedsMax yes`: otherwise it
answers OK for what it did not look at.
"""

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum

_CLEAN = b"stream: OK"
_FOUND = b" FOUND"
_ENDS = (b"\0", b"\n")
_ANSWER_LIMIT = 1024


class Scan(StrEnum):
    CLEAN = "clean"
    INFECTED = "infected"
    UNKNOWN = "unknown"


class Scanner:
    """Asks the clamd at `host:port`. One connection per document."""

    def __init__(self, address: str, *, timeout_s: float = 15.0) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port, self._timeout_s = host, int(port), timeout_s

    async def scan(self, chunks: AsyncIterator[bytes]) -> Scan:
        """Never raises for what clamd does or fails to do: that is UNKNOWN."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return parse_answer(await self._ask(chunks))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return Scan.UNKNOWN

    async def _ask(self, chunks: AsyncIterator[bytes]) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(b"zINSTREAM\0")
            async for chunk in chunks:
                writer.write(len(chunk).to_bytes(4, "big") + chunk)
                await writer.drain()
            writer.write(bytes(4))
            return await _read_answer(reader)
        finally:
            writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    """As much as there is up to its end; it may come in pieces, and a piece of an answer can say the opposite."""
    answer = b""
    while len(answer) < _ANSWER_LIMIT and not answer.endswith(_ENDS):
        if not (piece := await reader.read(_ANSWER_LIMIT - len(answer))):
            break
        answer += piece
    return answer


def parse_answer(answer: bytes) -> Scan:
    """`stream: OK` and nothing else is clean; `… FOUND` is infected; errors, limits and cut answers are unknown."""
    if not answer.endswith(_ENDS):
        return Scan.UNKNOWN
    line = answer[:-1]
    if line == _CLEAN:
        return Scan.CLEAN
    return Scan.INFECTED if line.startswith(b"stream: ") and line.endswith(_FOUND) else Scan.UNKNOWN
