"""Customers at the till: one request makes a stub, timed at the HTTP edge of `bff up` over loopback.

One till after another request on a kept connection, then eight tills at once: creations of one org take turns at the
counter's row, and this shows what that costs. And the time that a foreign and a missing customer's 404 take: whoever
measures must not learn which it is.
"""

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.bench.stage import run_portal
from tests.bench.table import Row

CUSTOMERS = "/api/v1/customers"
ALONE, TILLS, EACH, LOOKS = 600, 8, 100, 400
WARM_UP = 50
TILL, ADMIN = "pos@staff.example", "admin@staff.example"


class Client:
    """A signed-in browser's connection, as slim as the standard library has it."""

    def __init__(self, port: int, email: str, org: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._headers = {"Content-Type": "application/json", "Origin": f"http://localhost:{port}"}
        answer = self._send("POST", "/api/auth/dev-login", {"email": email, "org": org})
        self._headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        self._headers["X-CSRF-Token"] = json.loads(answer.read())["csrfToken"]

    def close(self) -> None:
        self._connection.close()

    def time(self, method: str, path: str, body: Any = None) -> tuple[float, int]:
        """Milliseconds until the whole answer is there, and its status."""
        began = time.perf_counter()
        answer = self._send(method, path, body)
        answer.read()
        return (time.perf_counter() - began) * 1e3, answer.status

    def _send(self, method: str, path: str, body: Any) -> http.client.HTTPResponse:
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, self._headers)
        return self._connection.getresponse()


def make_stubs(port: int, count: int) -> list[float]:
    """Milliseconds of each creation. Raises AssertionError unless every one was made."""
    with closing(Client(port, TILL)) as till:
        took = []
        for number in range(count):
            body = {"type": "stub", "firstName": "Aiko", "phone": f"+8190{12_000_000 + number}"}
            ms, status = till.time("POST", CUSTOMERS, body)
            assert status == 201, status
            took.append(ms)
    return took


def make_at_once(port: int) -> list[float]:
    with ThreadPoolExecutor(TILLS) as pool:
        return [ms for took in pool.map(lambda _: make_stubs(port, EACH), range(TILLS)) for ms in took]


def look(port: int, foreign_id: str) -> tuple[list[float], list[float]]:
    """404s of a customer of another org and of missing ones, in turn."""
    foreign, missing = [], []
    with closing(Client(port, ADMIN)) as admin:
        for _ in range(LOOKS):
            for took, customer_id in ((foreign, foreign_id), (missing, str(uuid4()))):
                ms, status = admin.time("GET", f"{CUSTOMERS}/{customer_id}")
                assert status == 404, status
                took.append(ms)
    return foreign, missing


def join_other_org(port: int) -> str:
    """The id of a customer of the org `oman`."""
    with closing(Client(port, "hana@customer.example")) as hana:
        answer = hana._send("POST", f"{CUSTOMERS}/profiles", {"org": "oman"})
        return str(json.loads(answer.read())["id"])


def p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def measure_rows() -> list[Row]:
    """Four rows; takes about a minute."""
    with tempfile.TemporaryDirectory() as folder, run_portal(Path(folder)) as portal:
        make_stubs(portal.port, WARM_UP)
        alone = make_stubs(portal.port, ALONE)
        at_once = make_at_once(portal.port)
        foreign, missing = look(portal.port, join_other_org(portal.port))
    gap = abs(statistics.median(foreign) - statistics.median(missing))
    return [
        Row("stub at the till: p95 of one request", f"{p95(alone):.1f} ms", "target < 50 ms; one till"),
        Row("  median", f"{statistics.median(alone):.1f} ms", f"{ALONE} creations, all numbered"),
        Row(f"  p95 with {TILLS} tills at once", f"{p95(at_once):.1f} ms", "one org: they take turns"),
        Row("404 of a foreign and a missing customer", f"{gap:.2f} ms apart", "target < 5 ms; medians"),
    ]
