"""The web process as it is run: its log tells nobody's secrets, and it stops at once with streams open."""

import asyncio
import base64
import json
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest

from tests.fixtures.portal import HANA, sign_in
from tests.fixtures.web import SECRET_KEY, Server

pytestmark = pytest.mark.asyncio


class TestStopping:
    async def test_ends_open_streams_and_itself_at_once(self, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url) as client:
            headers = await sign_in(client, HANA)
            async with client.stream("GET", "/api/status/stream", headers=headers) as stream:
                lines = stream.aiter_lines()
                assert await anext(lines)
                began = asyncio.get_running_loop().time()
                stopping = asyncio.create_task(server.stop())
                rest = [line async for line in lines]
            await stopping

        assert asyncio.get_running_loop().time() - began < 3
        assert all(line.split(":")[0] in ("", "id", "data", "event") for line in rest)


class TestLog:
    async def test_tells_no_secret_however_it_is_spelt(self, server: Server) -> None:
        """Phone, e-mail, name, address, note, token, key and password, raw, in URLs, in base64 and escaped."""
        async with httpx.AsyncClient(base_url=server.url) as client:
            headers = await sign_in(client, HANA) | {"Origin": server.url}
            canaries = [headers["Cookie"].split("=")[1], headers["X-CSRF-Token"], HANA, SECRET_KEY]
            canaries += await plant(client, headers)
            canaries += ["local-development-only", "Hana", "Sato"]
        log = (await server.stop()).decode()

        assert log.count('"event":"request"') >= 12
        assert [canary for canary in canaries for spelt in spell(canary) if spelt in log] == []

    async def test_is_one_line_of_json_per_event(self, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url) as client:
            await client.get("/health/live", headers={"X-Request-Id": 'x", "event": "spy'})
        lines = (await server.stop()).decode().splitlines()

        events = [json.loads(line) for line in lines]
        assert any(event["event"] == "request" and event["route"] == "/health/live" for event in events)
        assert all("level" in event for event in events)


async def plant(client: httpx.AsyncClient, headers: dict[str, str]) -> list[str]:
    """Every kind of call with something in it that no log may repeat; what was planted."""
    address = {"street": "canary-street-1", "city": "canary-city", "country": "JP", "postalCode": "150-0001"}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/auth/dev-login", {"json": {"email": "canary-mail@example.com"}}),
        ("GET", "/api/auth/session?phone=%2B819012345678", {}),
        ("GET", "/canary-path", {}),
        (
            "POST",
            "/api/eligibility/internet/request",
            {"json": {"address": address, "notes": "canary-notes"}},
        ),
        ("POST", "/api/eligibility/internet/request", {"json": {"notes": "canary-notes", "canary-field": 1}}),
        ("POST", "/api/checkout/evaluate", {"json": {"items": [{"sku": "canary-sku", "quantity": 1}]}}),
        ("POST", "/api/checkout/evaluate", {"content": b'{"canary-broken"'}),
        ("GET", "/api/auth/session", {"headers": {"Authorization": "Bearer canary.token.x"}}),
        ("GET", "/api/auth/session", {"headers": {"Cookie": "__Host-session=canary-cookie"}}),
        ("GET", "/api/eligibility/internet", {}),
    ]
    for method, path, arguments in calls:
        sent = headers | arguments.pop("headers", {})
        answer = await client.request(
            method, path, headers=sent | {"User-Agent": "canary-agent"}, **arguments
        )
        assert answer.status_code < 500, (path, answer.text)
    return [
        "canary-mail", "819012345678", "canary-path", "canary-street", "canary-city", "canary-notes", "canary-field",
        "canary-sku", "canary-broken", "canary.token", "canary-cookie", "canary-agent",
    ]  # fmt: skip


def spell(canary: str) -> set[str]:
    encoded = base64.b64encode(canary.encode()).decode().rstrip("=")
    return {canary, quote(canary, safe=""), encoded[:-2], msgspec.json.encode(canary).decode().strip('"')}
