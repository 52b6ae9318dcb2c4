"""The outermost layer of every request: its id, the security headers, the access line, the last resort."""

import itertools
import re
import secrets
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import structlog
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from bff.access import AccessLine, AccessLog
from bff.direct import DirectRead, DirectReads
from bff.logging import REQUEST_ID, format_exception
from bff.unread import Remainder, may_stay_unread

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

Headers = tuple[tuple[bytes, bytes], ...]

PAGE_POLICY = (
    b"default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    b"form-action 'self'; frame-ancestors 'none'"
)
DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'"

# A year, the least that browsers' preload lists take.
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
NO_STORE = (b"cache-control", b"no-store")


class SecurityHeaders(NamedTuple):
    """What every answer carries; JSON needs fewer than a page, and each costs a cached read half a microsecond."""

    page: Headers
    data: Headers


def make_security_headers(*, is_development: bool) -> SecurityHeaders:
    always = ((b"x-content-type-options", b"nosniff"), *(() if is_development else (HSTS,)))
    page = (
        (b"content-security-policy", PAGE_POLICY),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    )
    return SecurityHeaders(page=(*always, *page), data=(*always, (b"content-security-policy", DATA_POLICY)))


class EdgedApp(Litestar):
    """The framework's app behind an edge. A request that the edge answers itself never enters the framework."""

    __slots__ = ("edge",)

    edge: "Edge"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == ScopeType.HTTP:
            await self.edge(scope, receive, send)
        else:
            await self.pass_on(scope, receive, send)

    async def pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)


class Edge:
    """Wraps the framework's own stack, so that what never reaches a route (404, 405) passes here too.

    Plain ASGI and no middleware class: it runs for every cached read, of which it must stay a small part.
    """

    def __init__(
        self, app: ASGIApp, *, headers: SecurityHeaders, access: AccessLog, direct: DirectReads
    ) -> None:
        self._app = app
        self._headers = headers
        self._access = access
        self._direct = direct
        # Unique without asking the system for randomness each time; nobody has to be unable to guess them.
        self._id_prefix = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        request_id = find_request_id(scope["headers"]) or f"{self._id_prefix}{next(self._numbers):08x}"
        REQUEST_ID.set(request_id)
        started = time.perf_counter()
        status = 0
        try:
            if read := self._direct.find(scope):
                status = await self._answer_directly(read, scope, send, request_id)
            else:
                if may_stay_unread(scope):
                    remainder = Remainder(scope, receive, send)
                    receive, send = remainder.receive, remainder.send
                exchange = _Exchange(send, self._headers, request_id)
                await self._pass_on(scope, receive, exchange)
                status = exchange.status
        finally:
            took_ms = round((time.perf_counter() - started) * 1000, 1)
            self._access.write(_make_line(scope, status, took_ms, request_id))

    async def _answer_directly(self, read: DirectRead, scope: HTTPScope, send: Send, request_id: str) -> int:
        status, headers, body = await self._direct.answer(read, scope)
        headers += (
            *self._headers.data,
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            NO_STORE,
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return status

    async def _pass_on(self, scope: HTTPScope, receive: Receive, exchange: "_Exchange") -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except Exception as error:
            # The answer has begun, so no other can be given; the server sees it unfinished and cuts the connection.
            log.error("answer_broken", error=type(error).__name__, trace=format_exception(error))


class _Exchange:
    __slots__ = ("_headers", "_request_id", "_send", "status")

    def __init__(self, send: Send, headers: SecurityHeaders, request_id: str) -> None:
        self._send = send
        self._headers = headers
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = dict(message["headers"])
            is_data = given.get(b"content-type", b"").startswith(b"application/")
            headers = [*message["headers"], *(self._headers.data if is_data else self._headers.page)]
            headers.append((b"x-request-id", self._request_id.encode()))
            # Personal by default: what may be kept says so itself.
            if b"cache-control" not in given:
                headers.append(NO_STORE)
            message["headers"] = headers
        await self._send(message)


def find_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The id that a proxy gave, when it is short and plain enough to stand in a log line."""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value.decode()
    return None


def _make_line(scope: HTTPScope, status: int, ms: float, request_id: str) -> AccessLine:
    return AccessLine(
        route=scope.get("path_template", "none"),
        method=scope["method"],
        status=status,
        ms=ms,
        org=getattr(scope.get("user"), "org_slug", None),
        request_id=request_id,
        at=time.time(),
    )
