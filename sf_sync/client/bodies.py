"""The body of a request: finished bytes, or JSON with documents in it that become base64 only while they are sent."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Any

import msgspec

_SLICE = 48 * 1024
"""A multiple of three, so that the slices' base64 joins to that of the whole."""


class Base64:
    """Bytes that travel as a base64 string; use it in place of the string anywhere in a body."""

    __slots__ = ("content",)

    def __init__(self, content: bytes | bytearray) -> None:
        self.content = content

    def __len__(self) -> int:
        """Of the base64."""
        return (len(self.content) + 2) // 3 * 4


class StreamedBody:
    """JSON around documents. It can be sent more than once, and holds each document once and never as base64."""

    def __init__(self, pieces: list[bytes | Base64]) -> None:
        self._pieces = pieces

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    async def stream(self) -> AsyncIterator[bytes]:
        if len(self) <= _SLICE:
            # Each write is a turn of its own, here and at the other end.
            yield b"".join(
                each if isinstance(each, bytes) else b64encode(each.content) for each in self._pieces
            )
            return
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            for at in range(0, len(piece.content), _SLICE):
                # A socket that takes everything at once would never let anybody else have a turn.
                await asyncio.sleep(0)
                yield b64encode(piece.content[at : at + _SLICE])


def encode_body(body: Any) -> bytes | StreamedBody:
    """JSON of anything that msgspec encodes, and of `Base64`."""
    # Nobody can guess it, so no text of a customer's can be taken for the place of a document.
    mark = token_hex(16)
    documents: list[Base64] = []

    def hold_place(value: Any) -> str:
        if not isinstance(value, Base64):
            raise NotImplementedError(type(value).__name__)
        documents.append(value)
        return mark

    texts = msgspec.json.encode(body, enc_hook=hold_place).split(mark.encode())
    if not documents:
        return texts[0]
    pieces: list[bytes | Base64] = [texts[0]]
    for document, text in zip(documents, texts[1:], strict=True):
        pieces += (document, text)
    return StreamedBody(pieces)
