"""What nobody should send to customers, numbers and the search: refused in words, with nothing written, never a 500."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.integration.bff.customers.desk import CUSTOMERS, MOBILE, STUB, Desk

pytestmark = pytest.mark.asyncio

LONG = "x" * 10_000
TEXTS: list[Any] = ["", LONG, "a\0b", "a\nb\0", "\x1b[31m", 1, -1, 1.5, True, None, [], ["a"], {}, {"a": 1}]
RAW_TEXTS = [b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xff"', b'"\xed\xa0\x80"', b"NaN", b"1e999", b"9" * 5000]
JSON = {"Content-Type": "application/json"}
FIELDS = ["firstName", "lastName", "name2", "phone", "email", "picture", "preferences", "addresses", "proof"]
SEARCHED = ["phone", "name", "email", "number"]
QUERIES = [
    "",
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "%F0%9F",
    "%0A",
    "%1B%5B31m",
    quote(LONG),
    quote("٠" * 3),
    "%25",
    "%5F%5F",
    "%27%20OR%201%3D1--",
    "5678&phone=5678",
]
NOBODYS_CURSORS = [
    "",
    "x",
    "1.",
    "1.0000000000000000-" + "g" * 32,
    "1767614400000000-" + "0" * 31,
    "1767614400000000-" + "0" * 33,
    "٠" * 16 + "-" + "0" * 32,
    "c2F0bw." + "0" * 32 + "0",
    "AA." + "0" * 32,
    "7aCA." + "0" * 32,
    LONG,
]


def make_bodies(whole: dict[str, Any], name: str) -> Iterator[bytes]:
    for value in TEXTS:
        yield json.dumps(whole | {name: value}).encode()
    marked = json.dumps(whole | {name: "<raw>"}).encode()
    for raw in RAW_TEXTS:
        yield marked.replace(b'"<raw>"', raw)


def check_refused(answer: httpx.Response, sent: object) -> None:
    assert answer.status_code in (400, 409, 413, 422), (answer.status_code, sent, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"


async def count_everything(desk: Desk) -> list[dict[str, Any]]:
    tables = ("customers", "customer_history", "phone_links", "addresses", "deliveries", "audit")
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    return await desk.list_rows(f"SELECT {counts}, (SELECT last FROM customer_counters) AS last")


class TestBodies:
    async def test_make_nobody_or_somebody_who_can_be_read(self, desk: Desk) -> None:
        """Some of these are fine in some fields, such as null where nothing is needed."""
        sent = [
            (name, body)
            for name in FIELDS
            for body in make_bodies(STUB | {"email": "aiko@new.example"}, name)
        ]
        async with desk.staff() as client:
            for name, body in sent:
                answer = await client.post(CUSTOMERS, content=body, headers=JSON)
                if answer.status_code == 201:
                    read = await client.get(f"{CUSTOMERS}/{answer.json()['id']}")
                    assert read.json() == answer.json(), name
                else:
                    check_refused(answer, body[:80])
            assert (await client.get(f"{CUSTOMERS}/export")).status_code == 200

    async def test_change_nothing_that_they_may_not(self, desk: Desk) -> None:
        made = await desk.make(STUB | {"email": "aiko@new.example"})
        path = f"{CUSTOMERS}/{made['id']}"
        async with desk.staff() as client:
            for name in (*FIELDS, "status"):
                for whole, method, to in (({}, "PATCH", path), ({"type": "full"}, "POST", f"{path}/upgrade")):
                    for body in make_bodies(whole, name):
                        answer = await client.request(method, to, content=body, headers=JSON)
                        if answer.status_code != 200:
                            check_refused(answer, body[:80])
            now = (await client.get(path)).json()

        assert (now["type"], now["phone"], now["status"]) == ("stub", MOBILE, "active")

    async def test_of_links_link_nothing(self, desk: Desk) -> None:
        made = await desk.make({"type": "guest"})
        async with desk.staff() as client:
            before = await count_everything(desk)
            for body in make_bodies({}, "phone"):
                answer = await client.post(
                    f"{CUSTOMERS}/{made['id']}/phone-links", content=body, headers=JSON
                )
                check_refused(answer, body[:80])

        assert await count_everything(desk) == before

    async def test_of_claims_claim_nothing(self, desk: Desk) -> None:
        before = await count_everything(desk)
        async with desk.machine() as machine:
            for whole, name in (
                ({"by": "link", "token": "", "email": "a@b.example"}, "token"),
                ({"by": "code", "phone": MOBILE, "proof": "x", "email": "a@b.example"}, "phone"),
                ({"by": "code", "phone": MOBILE, "proof": "x", "email": "a@b.example"}, "proof"),
                ({"by": "x", "token": ""}, "by"),
            ):
                for body in make_bodies(whole, name):
                    answer = await machine.post(f"{CUSTOMERS}/claims", content=body, headers=JSON)
                    check_refused(answer, body[:80])

        assert await count_everything(desk) == before


class TestQueries:
    async def test_of_a_search_find_nobody(self, desk: Desk) -> None:
        await desk.make(STUB | {"lastName": "100% _Tanaka_", "name2": "愛子"})
        async with desk.machine() as machine:
            for name in SEARCHED:
                for query in QUERIES:
                    answer = await machine.get(f"{CUSTOMERS}/search?{name}={query}")
                    if answer.status_code != 200:
                        check_refused(answer, (name, query[:40]))
                    else:
                        assert answer.json() == {"items": [], "nextCursor": None}, (name, query[:40])

    async def test_with_a_cursor_of_nobodys_are_refused(self, desk: Desk) -> None:
        async with desk.machine() as machine:
            for query, cursor in product(
                ("phone=5678", "phone=345678", "name=ai", "email=a@b.example"), NOBODYS_CURSORS
            ):
                answer = await machine.get(f"{CUSTOMERS}/search?{query}&cursor={quote(cursor)}")
                assert answer.status_code == 400, (query, cursor[:40])

    async def test_of_lists_are_refused_or_mean_something(self, desk: Desk) -> None:
        async with desk.staff() as client:
            for query in (
                *(f"cursor={quote(cursor)}" for cursor in NOBODYS_CURSORS),
                *(f"type={quote(kind)}" for kind in ("", "GUEST", "guest,stub", "guest\0", LONG)),
                *(
                    f"createdFrom={at}"
                    for at in ("", "x", "2025-13-01T00:00:00Z", "9" * 400, "2025-01-01T00:00:00")
                ),
                "limit=-1",
                "limit=1e3",
                "limit=" + "9" * 400,
                "phoneVerified=2",
                "unknown=1&unknown=2",
            ):
                check_refused(await client.get(f"{CUSTOMERS}?{query}"), query[:60])
            for at in ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "2025-01-01T00:00:00Z"):
                answer = await client.get(f"{CUSTOMERS}?createdFrom={at}&createdTo={at}")
                assert (answer.status_code, answer.json()["items"]) == (200, []), at

    async def test_of_unlinking_without_a_reason_that_can_be_read_unlink_nothing(self, desk: Desk) -> None:
        made = await desk.make()
        [link] = await desk.list_rows("SELECT id FROM phone_links")
        async with desk.staff() as client:
            for reason in ("", "%20", "%00", "%0A", quote("x" * 501)):
                path = f"{CUSTOMERS}/{made['id']}/phone-links/{link['id']}?reason={reason}"
                check_refused(await client.delete(path), reason)
