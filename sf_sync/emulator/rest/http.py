"""HTTP as the gateway sees it: headers as a mapping, the whole body, one answer, or a dropped connection."""

import gzip
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from sf_sync.emulator.asgi import Receive, Scope, Send
from sf_sync.emulator.rest.messages import ApiAnswer

MAX_BODY = 50 * 1024 * 1024
"""The platform's limit on the text of a request."""
CONNECTION = "emulator.connection"
"""The scope key under which our server puts the TCP transport, so that it can be dropped."""

_ENCODER = msgspec.json.Encoder()
_JSON_TYPE = (b"content-type", b"application/json;charset=UTF-8")


class BodyTooLarge(Exception):
    """The request's body is over MAX_BODY."""


class BodyUnreadable(Exception):
    """The body is not in the encoding that it claims, or its end never came."""


def read_headers(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; of repeated ones the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def read_body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """Raises BodyTooLarge or BodyUnreadable."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyUnreadable
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY:
            raise BodyTooLarge
    return _decode(b"".join(chunks), headers.get("content-encoding", ""))


def _decode(body: bytes, encoding: str) -> bytes:
    if encoding.lower() != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError):
        raise BodyUnreadable from None


async def send_answer(send: Send, answer: ApiAnswer, *, head_only: bool = False) -> None:
    """JSON unless the body is bytes, whose type the answer's headers name."""
    body = _encode(answer.body)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    if body and not isinstance(answer.body, bytes):
        headers.append(_JSON_TYPE)
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head_only else body})


async def drop_connection(scope: Scope, receive: Receive) -> None:
    """Close the TCP connection without an answer. Behind httpx.ASGITransport there is none, so the exception that a
    closed connection would cause at the client is raised right here: httpx.ReadError."""
    connection = scope.get(CONNECTION)
    if connection is None:
        raise httpx.ReadError("The emulator dropped the connection.")
    connection.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _encode(body: Any) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else _ENCODER.encode(body)
