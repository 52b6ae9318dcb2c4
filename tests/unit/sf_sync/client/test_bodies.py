"""Documents become base64 while they are sent, wherever they stand in a body, and nothing else is touched."""

import base64
import os
from typing import Any

import msgspec
import pytest

from sf_sync.client.bodies import Base64, StreamedBody, encode_body

pytestmark = pytest.mark.asyncio


async def read(body: bytes | StreamedBody) -> bytes:
    assert isinstance(body, StreamedBody)
    return b"".join([slice_ async for slice_ in body.stream()])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 500_001])
async def test_a_document_arrives_whole_and_its_length_is_known(size: int) -> None:
    content = os.urandom(size)
    body = encode_body({"before": "é", "VersionData": Base64(content), "after": [1, None]})

    sent = await read(body)

    assert len(body) == len(sent)
    assert msgspec.json.decode(sent) == {
        "before": "é",
        "VersionData": base64.b64encode(content).decode(),
        "after": [1, None],
    }


async def test_several_documents_keep_their_places() -> None:
    body = encode_body([{"a": Base64(b"one")}, "between", {"b": Base64(bytearray(b"two"))}])

    found: Any = msgspec.json.decode(await read(body))

    assert [base64.b64decode(found[0]["a"]), found[1], base64.b64decode(found[2]["b"])] == [
        b"one",
        "between",
        b"two",
    ]


async def test_it_can_be_sent_again() -> None:
    body = encode_body(Base64(b"card"))

    assert await read(body) == await read(body) == b'"Y2FyZA=="'


async def test_what_has_no_document_is_finished_bytes() -> None:
    assert encode_body({"a": 1}) == b'{"a":1}'


async def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        encode_body({"a": object()})
