"""What becomes of a body that was refused unread.

A server that answers and goes on taking the body would read 10 MiB from anybody; one that closes at once may cut off
its own answer, because what lies unread resets the connection. So a stranger is cut off, and from a caller whom we
know the rest is taken and thrown away for a while, until the answer has surely arrived.
"""

import asyncio
from contextlib import suppress
from typing import Any

from litestar.types import HTTPScope, Message, Receive, Send

from bff.content import BODILESS_METHODS

SMALL = 64 * 1024
"""What is no longer than this is taken by the server along with the head; the connection goes on."""
MOST_THROWN_AWAY = 32 * 1024 * 1024
PATIENCE_S = 10.0
_CLOSE = (b"connection", b"close")
# From nobody whom we know, or from somebody who has shown how slow they are.
_CUT_OFF = frozenset({401, 403, 408})


def find_length(scope: HTTPScope) -> int | None:
    """How long a body may be that the request declares; None when it says nothing and brings one all the same."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else None


def may_stay_unread(scope: HTTPScope) -> bool:
    """Whether a request has a body that is worth a thought."""
    if scope["method"] in BODILESS_METHODS:
        return False
    length = find_length(scope)
    return length is None or length > SMALL


class Remainder:
    """Stands between the server and one exchange, and ends the connection when the body was not read to its end."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._length = find_length(scope)
        self._is_read = False
        self._is_patient = False

    async def receive(self) -> Any:
        message = await self._receive()
        self._is_read = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._is_read:
            self._is_patient = self._length is not None and self._length <= MOST_THROWN_AWAY
            self._is_patient &= message["status"] not in _CUT_OFF
            message["headers"] = [*message["headers"], _CLOSE]
        elif message["type"] == "http.response.body" and not message.get("more_body") and self._is_patient:
            # All of the answer goes out first: who listens while they send need not send the rest.
            await self._send({**message, "more_body": True})
            await self._throw_away()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _throw_away(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not self._is_read:
                    await self.receive()
