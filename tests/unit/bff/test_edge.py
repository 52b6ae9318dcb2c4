import io
import json
from typing import Any, cast

import pytest
from litestar.types import Message, Receive, Scope, Send

from bff.access import AccessLog
from bff.direct import DirectReads
from bff.edge import Edge, find_request_id, make_security_headers
from bff.identity.authentication import Authentication
from bff.identity.sessions import Sessions
from bff.logging import get_request_id

NOBODY = cast(Authentication, None)
NO_SESSIONS = cast(Sessions, None)


class Exchange:
    """One request through an edge around `app`, with what came out and what was logged."""

    def __init__(self, app: Any, *, is_development: bool = False) -> None:
        self.log = io.BytesIO()
        self.sent: list[Message] = []
        self.access = AccessLog(self.log)
        self.edge = Edge(
            app,
            headers=make_security_headers(is_development=is_development),
            access=self.access,
            direct=DirectReads({}, NOBODY, NO_SESSIONS),
        )

    async def run(self, *headers: tuple[bytes, bytes]) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/x",
            "query_string": b"phone=canary",
            "headers": headers,
        }
        await self.edge(cast(Any, scope), cast(Receive, None), self.send)
        self.access.flush()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(cast(Any, self.sent[0])["headers"])

    @property
    def line(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.log.getvalue()))


def answer(content_type: bytes, *headers: tuple[bytes, bytes]) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given = [(b"content-type", content_type), *headers]
        await send(cast(Any, {"type": "http.response.start", "status": 200, "headers": given}))
        await send(cast(Any, {"type": "http.response.body", "body": get_request_id().encode()}))

    return app


@pytest.mark.asyncio
class TestHeaders:
    async def test_protect_a_page(self) -> None:
        exchange = Exchange(answer(b"text/html; charset=utf-8"))
        await exchange.run()

        assert b"default-src 'self'" in exchange.headers[b"content-security-policy"]
        assert exchange.headers[b"x-content-type-options"] == b"nosniff"
        assert exchange.headers[b"referrer-policy"] == b"same-origin"
        assert exchange.headers[b"strict-transport-security"].startswith(b"max-age=31536000")
        assert exchange.headers[b"cache-control"] == b"no-store"

    async def test_let_data_do_nothing_at_all(self) -> None:
        exchange = Exchange(answer(b"application/problem+json"))
        await exchange.run()

        assert exchange.headers[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"

    async def test_do_not_bind_a_developers_browser_to_https(self) -> None:
        exchange = Exchange(answer(b"text/html"), is_development=True)
        await exchange.run()

        assert b"strict-transport-security" not in exchange.headers

    async def test_leave_an_answer_that_says_how_long_it_may_be_kept(self) -> None:
        exchange = Exchange(answer(b"text/css", (b"cache-control", b"public, max-age=31536000, immutable")))
        await exchange.run()

        assert exchange.headers[b"cache-control"] == b"public, max-age=31536000, immutable"


@pytest.mark.asyncio
class TestRequestId:
    async def test_is_the_same_in_answer_code_and_log(self) -> None:
        exchange = Exchange(answer(b"application/json"))
        await exchange.run((b"x-request-id", b"from-the-proxy-1"))

        assert exchange.headers[b"x-request-id"] == b"from-the-proxy-1"
        assert cast(Any, exchange.sent[1])["body"] == b"from-the-proxy-1"
        assert exchange.line["request_id"] == "from-the-proxy-1"

    async def test_is_made_when_none_comes(self) -> None:
        first, second = Exchange(answer(b"application/json")), Exchange(answer(b"application/json"))
        await first.run()
        await second.run()

        assert len(first.headers[b"x-request-id"]) == 24
        assert first.headers[b"x-request-id"] != second.headers[b"x-request-id"]

    @pytest.mark.parametrize(
        "given", [b"short", b"x" * 65, b'{"event": 1}', b"a b c d e f", "ünïcode-id".encode()]
    )
    async def test_is_not_taken_from_a_stranger_who_writes_oddly(self, given: bytes) -> None:
        assert find_request_id([(b"x-request-id", given)]) is None


@pytest.mark.asyncio
class TestAccessLine:
    async def test_names_the_route_and_neither_address_nor_query(self) -> None:
        exchange = Exchange(answer(b"application/json"))
        await exchange.run()

        assert exchange.line["route"] == "none"
        assert exchange.line["status"] == 200
        assert "canary" not in exchange.log.getvalue().decode()


@pytest.mark.asyncio
class TestLastResort:
    async def test_ends_a_broken_answer_quietly(self) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(cast(Any, {"type": "http.response.start", "status": 200, "headers": []}))
            raise ValueError("canary")

        exchange = Exchange(app)
        await exchange.run()

        assert len(exchange.sent) == 1
        assert exchange.line["status"] == 200
