"""One-time codes at the HTTP edge of `bff up` over loopback: what a code costs, and what many entries at once are told.

Half of the numbers are customers' and half nobody's, in turn: whoever measures must not learn which is which.
"""

import json
import os
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.bench_customers import ADMIN, CUSTOMERS, TILL, Client, p95
from tests.bench.stage import run_portal
from tests.bench.table import Row

SEND, ENTER = f"{CUSTOMERS}/send-otp", f"{CUSTOMERS}/verify-otp"
STAFF = (TILL, "support@staff.example", ADMIN)
EACH = 56
"""Codes of one member of staff; the 61st in an hour would be refused."""
RIGHT, WRONG, CONNECTIONS = 50, 100, 10
CODE, OTHER_CODE = "135790", "246801"


class Teller(Client):
    def tell(self, path: str, body: dict[str, str]) -> str:
        """The code of the refusal, or `taken`."""
        answer = self._send("POST", path, body)
        told = json.loads(answer.read())
        return "taken" if answer.status == 200 else str(told["code"])


class Times(NamedTuple):
    sent: dict[bool, list[float]]
    """By whether a customer has the number, in milliseconds."""
    entered: list[float]


@contextmanager
def known_code() -> Iterator[None]:
    """All codes are one, so that they can be entered without a telephone."""
    os.environ["BFF_FIXED_CODE"] = CODE
    try:
        yield
    finally:
        del os.environ["BFF_FIXED_CODE"]


def make_body(number: int) -> dict[str, str]:
    """Each in a block of its own."""
    return {"phone": f"+8190{1000 + number}0000", "purpose": "verification"}


def add_customers(port: int) -> None:
    with closing(Client(port, TILL)) as till:
        for number in range(0, len(STAFF) * EACH, 2):
            stub = {"type": "stub", "firstName": "Aiko", "phone": make_body(number)["phone"]}
            assert till.time("POST", CUSTOMERS, stub)[1] == 201


def measure_codes(port: int) -> Times:
    times = Times({True: [], False: []}, [])
    for first, email in enumerate(STAFF):
        with closing(Client(port, email)) as client:
            for number in range(first * EACH, (first + 1) * EACH):
                body = make_body(number)
                ms, status = client.time("POST", SEND, body)
                assert status == 202, status
                times.sent[number % 2 == 0].append(ms)
                ms, status = client.time("POST", ENTER, body | {"code": CODE})
                assert status == 200, status
                times.entered.append(ms)
    return times


def enter_at_once(port: int, number: int, code: str, count: int) -> Counter[str]:
    body = make_body(number)
    with closing(Client(port, ADMIN)) as client:
        assert client.time("POST", SEND, body)[1] == 202

    def enter(tries: int) -> Counter[str]:
        with closing(Teller(port, ADMIN)) as teller:
            return Counter(teller.tell(ENTER, body | {"code": code}) for _ in range(tries))

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(enter, [count // CONNECTIONS] * CONNECTIONS), Counter())


def measure_rows() -> list[Row]:
    """Five rows; takes about half a minute."""
    with tempfile.TemporaryDirectory() as folder, known_code(), run_portal(Path(folder)) as portal:
        add_customers(portal.port)
        times = measure_codes(portal.port)
        right = enter_at_once(portal.port, 1000, CODE, RIGHT)
        wrong = enter_at_once(portal.port, 1001, OTHER_CODE, WRONG)
    sent = [*times.sent[True], *times.sent[False]]
    gap = abs(statistics.median(times.sent[True]) - statistics.median(times.sent[False]))
    return [
        Row(
            "one-time code asked for: p95", f"{p95(sent):.1f} ms", f"{len(sent)} codes; the SMS is not timed"
        ),
        Row("  a number of a customer and of nobody", f"{gap:.2f} ms apart", "target < 5 ms; medians"),
        Row("  entered: p95", f"{p95(times.entered):.1f} ms", "each gives a proof"),
        Row(f"  {RIGHT} right entries at once", f"{right['taken']} taken", describe(right)),
        Row(f"  {WRONG} wrong entries at once", f"{wrong['code_wrong'] + 1} looked at", describe(wrong)),
    ]


def describe(told: Counter[str]) -> str:
    return ", ".join(f"{count} × {answer}" for answer, count in sorted(told.items()))
