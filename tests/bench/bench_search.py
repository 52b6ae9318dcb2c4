"""Finding customers at the HTTP edge, as one member of staff on loopback: every search with its audit line committed.

The same searches on a tenth of the data come first, in the same run, so that growth can be told from noise; the
session's own address, which asks no database, is the floor.
"""

import http.client
import json
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import psycopg

from bff.engines.postgres import SUPERUSER
from bff.up.data_dir import DataDir
from tests.bench.search_town import choose_queries, fill
from tests.bench.stage import run_portal
from tests.bench.table import Row

CUSTOMERS, LINKS, SMALL = 200_000, 1_000_000, 10
SEARCHES, WARM = 400, 40
TARGET_MS = {"exact phone": 5, "last digits": 10, "name prefix": 20}


class Times(NamedTuple):
    p50_ms: float
    p95_ms: float


def measure_rows() -> list[Row]:
    """Four rows; takes about three minutes, most of it to fill the tables."""
    with (
        tempfile.TemporaryDirectory(prefix="bench") as folder,
        unlimited(),
        run_portal(Path(folder) / "portal") as portal,
    ):
        running = DataDir(Path(folder) / "portal").find_running()
        if running is None:
            raise RuntimeError("the portal does not run")
        owner_url = running.environment["DATABASE_OWNER_URL"]
        engines = Path(folder) / "portal" / "engines"
        headers = {"Cookie": sign_in(portal.port)}
        few, less = LINKS // SMALL, CUSTOMERS // SMALL
        fill(owner_url, customers=range(less), links=range(few), customers_in_all=less)
        checkpoint(owner_url, engines)
        before = measure(portal.port, headers, links=few, customers=less)
        fill(owner_url, customers=range(less, CUSTOMERS), links=range(few, LINKS), customers_in_all=CUSTOMERS)
        checkpoint(owner_url, engines)
        after = measure(portal.port, headers, links=LINKS, customers=CUSTOMERS)
    return [format_row(name, before[name], after[name]) for name in after]


@contextmanager
def unlimited() -> Iterator[None]:
    """The limit of searches in a minute is not what is measured."""
    os.environ["CUSTOMER_SEARCHES_PER_MINUTE"] = "1000000"
    try:
        yield
    finally:
        del os.environ["CUSTOMER_SEARCHES_PER_MINUTE"]


def checkpoint(owner_url: str, engines: Path) -> None:
    """Else the disk is busy with what was loaded while searches wait for their audit lines to reach it."""
    password = json.loads((engines / "postgres.json").read_text())[SUPERUSER]
    with psycopg.connect(owner_url, user=SUPERUSER, password=password, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def sign_in(port: int) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/dev-login",
        data=b'{"email":"support@staff.example"}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def measure(port: int, headers: dict[str, str], *, links: int, customers: int) -> dict[str, Times]:
    queries = choose_queries(SEARCHES + WARM, links=links, customers=customers)
    kinds = {
        "exact phone": [make_path(phone=phone) for phone in queries.phones],
        "last digits": [make_path(phone=ending) for ending in queries.endings],
        "name prefix": [make_path(name=name) for name in queries.names],
        "session alone": ["/api/auth/session"] * (SEARCHES + WARM),
    }
    return {kind: measure_paths(port, headers, paths) for kind, paths in kinds.items()}


def make_path(**query: str) -> str:
    return "/api/v1/customers/search?" + urlencode({**query, "purpose": "bench"})


def measure_paths(port: int, headers: dict[str, str], paths: Sequence[str]) -> Times:
    """One after the other on one connection; the first ones warm the connection up and are not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken_ms = []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        taken_ms.append((time.perf_counter() - began) * 1e3)
        if answer.status != 200 or ("search" in path and not json.loads(body)["items"]):
            raise RuntimeError(f"{answer.status} or nothing found")
    connection.close()
    counted = taken_ms[WARM:]
    return Times(statistics.median(counted), statistics.quantiles(counted, n=20)[18])


def format_row(kind: str, before: Times, after: Times) -> Row:
    if kind not in TARGET_MS:
        return Row(f"  {kind}", format_times(after), "the floor: no database")
    growth = (
        f"p50 {after.p50_ms / before.p50_ms:.2f} × that of a tenth, p95 {after.p95_ms / before.p95_ms:.2f} ×"
    )
    remark = f"target p95 < {TARGET_MS[kind]} ms; {growth} (≤ 2)"
    return Row(f"search, {LINKS:,} links, {kind}", format_times(after), remark)


def format_times(times: Times) -> str:
    return f"p50 {times.p50_ms:.1f} ms, p95 {times.p95_ms:.1f} ms"
