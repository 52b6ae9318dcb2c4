"""What no route may fall over: bodies, types and addresses that nobody should send."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.fixtures.portal import HANA, ORIGIN, Portal

pytestmark = pytest.mark.asyncio

LOGIN = "/api/auth/dev-login"
REQUEST = "/api/eligibility/internet/request"
EVALUATE = "/api/checkout/evaluate"
COUNTS = "SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM eligibility_requests)"

BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "a brace": (b"{", 400),
    "text": (b"hello", 400),
    "null": (b"null", 400),
    "a list": (b"[]", 400),
    "a number": (b"1", 400),
    "no UTF-8": (b'{"items": "\xff"}', 400),
    "half a surrogate": (b'{"items": "\\ud800"}', 400),
    "NUL": (b'{"items": [{"sku": "a\\u0000", "quantity": 1}]}', 400),
    "NaN": (b'{"items": NaN}', 400),
    "wrong type": (b'{"items": [{"sku": 1, "quantity": 1}]}', 400),
    "number as text": (b'{"items": [{"sku": "a", "quantity": "1"}]}', 400),
    "unknown field": (b'{"items": [], "status": "eligible"}', 400),
    "field twice": (b'{"items": [], "items": []}', 400),
    "huge number": (b'{"items": [{"sku": "a", "quantity": ' + b"9" * 400 + b"}]}", 400),
    "deep": (b'{"items": ' + b"[" * 30_000, 400),
    "too long": (b'{"items": "' + b"x" * 70_000 + b'"}', 413),
}

TYPES = [
    "text/plain",
    "text/plain; charset=application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/msgpack",
    "",
]


def check_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    assert answer.status_code == status, (status, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["status"] == status
    assert told["requestId"] == answer.headers["x-request-id"]
    assert set(told) >= {"type", "title", "detail", "code"}
    assert "Traceback" not in answer.text
    return told


class TestBodies:
    async def test_are_refused_and_change_nothing(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            for path in (EVALUATE, REQUEST):
                for name, (body, status) in BODIES.items():
                    if path == REQUEST and name == "nothing":
                        continue
                    answer = await hana.post(path, content=body, headers={"Content-Type": "application/json"})
                    check_problem(answer, status)

        assert await count_writes(portal) == 0

    async def test_of_another_type_are_not_even_read(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            for content_type in TYPES:
                answer = await hana.post(
                    EVALUATE, content=b'{"items": []}', headers={"Content-Type": content_type}
                )
                assert check_problem(answer, 415)["code"] == "unsupported_media_type", content_type

    async def test_may_say_their_charset(self, portal: Portal) -> None:
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        async with portal.connect() as client:
            answer = await client.post(LOGIN, content=json.dumps({"email": HANA}), headers=headers)

        assert answer.status_code == 200

    async def test_that_never_end_are_cut_at_the_limit(self, portal: Portal) -> None:
        sent = 0

        async def endless() -> Any:
            nonlocal sent
            while True:
                sent += 1
                yield b"x" * 16_384

        async with portal.signed_in() as hana:
            answer = await hana.post(
                EVALUATE, content=endless(), headers={"Content-Type": "application/json"}
            )

        check_problem(answer, 413)
        assert sent <= 6


class TestStrangers:
    async def test_are_told_to_sign_in_before_anything_is_said_about_what_they_sent(
        self, portal: Portal
    ) -> None:
        async with portal.connect() as client:
            for name, (body, _) in BODIES.items():
                answer = await client.post(EVALUATE, content=body, headers={"Content-Type": "text/plain"})
                assert check_problem(answer, 401)["code"] == "unauthenticated", name


class TestCsrf:
    """Method, content type, origin and fetch metadata: only what a page of ours sends gets through."""

    async def test_lets_our_own_pages_through_alone(self, portal: Portal) -> None:
        passed = set()
        async with portal.signed_in() as hana:
            token = hana.headers.pop("X-CSRF-Token")
            del hana.headers["Origin"]
            for origin in (None, ORIGIN, "https://evil.example", "null"):
                for site in (None, "same-origin", "same-site", "cross-site"):
                    for sent_token in (None, token, "wrong"):
                        given = {"Origin": origin, "Sec-Fetch-Site": site, "X-CSRF-Token": sent_token}
                        headers = {name: value for name, value in given.items() if value}
                        answer = await hana.post(EVALUATE, json={"items": []}, headers=headers)
                        if answer.status_code != 403:
                            passed.add((origin, site, sent_token == token))

        assert passed == {(ORIGIN, None, True), (ORIGIN, "same-origin", True), (None, "same-origin", True)}

    async def test_guards_calls_without_a_body_too(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            answer = await hana.post(REQUEST, headers={"Origin": "https://evil.example"})

        assert check_problem(answer, 403)["code"] == "csrf_failed"
        assert await count_writes(portal) == 0


class TestAddresses:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/api/nothing", 404),
            ("GET", "/api/eligibility/internet/../../../etc/passwd", 404),
            ("DELETE", "/api/eligibility/internet", 405),
            ("PUT", "/api/auth/session", 405),
            ("BREW", "/api/auth/session", 405),
            ("GET", "/api/auth/session?a=1&a=2", 400),
            ("GET", "/api/auth/session?a=%00", 400),
            ("GET", "/api/auth/session%00", 404),
        ],
    )
    async def test_that_lead_nowhere_are_refused(
        self, portal: Portal, method: str, path: str, status: int
    ) -> None:
        async with portal.signed_in() as hana:
            told = check_problem(await hana.request(method, path), status)

        assert "%00" not in json.dumps(told)

    async def test_are_never_repeated(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            for path in (
                "/api/nothing?phone=canary",
                "/api/auth/session?phone=canary&phone=canary",
                "/canary",
            ):
                assert "canary" not in (await hana.get(path)).text

    async def test_say_which_methods_they_take(self, portal: Portal) -> None:
        async with portal.signed_in() as hana:
            answer = await hana.delete("/api/auth/session")

        assert "GET" in answer.headers["Allow"]


async def count_writes(portal: Portal) -> int:
    hana = "SELECT set_config('app.org', (SELECT id::text FROM orgs WHERE slug = 'demo'), true)"
    async with portal.adapters.database.orgless() as session:
        await session.execute(text(hana))
        return int((await session.execute(text(COUNTS))).scalar_one())
