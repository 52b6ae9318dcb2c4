"""What the number in an order costs whoever places it: orders with and without one in turn, at the HTTP edge.

The number is linked to its customer by a job after the commit; the order pays for putting that job down. The worker
does the jobs of earlier orders meanwhile, as it would.
"""

import statistics
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.bench.bench_customers import Client, p95
from tests.bench.stage import run_portal
from tests.bench.table import Row

ORDERS, WARM_UP = 200, 20
SARA = "sara@customer.example"
NOTES: dict[str, Any] = {"contactName": "Sara Ito", "notes": "Ring twice"}
PLAIN: dict[str, Any] = {"items": [{"sku": "SIM-3G"}], "delivery": NOTES}
WITH_NUMBER = PLAIN | {"delivery": NOTES | {"dropoff": {"phoneNumber": "090-1234-5678"}}}


def place(client: Client, body: dict[str, Any]) -> float:
    """Milliseconds. Raises AssertionError unless the order was placed."""
    took_ms, status = client.time("POST", "/api/orders", body)
    assert status == 201, status
    return took_ms


def measure_rows() -> list[Row]:
    """Two rows; takes about half a minute."""
    with (
        tempfile.TemporaryDirectory() as folder,
        run_portal(Path(folder)) as portal,
        closing(Client(portal.port, SARA)) as sara,
    ):
        pairs = [(place(sara, PLAIN), place(sara, WITH_NUMBER)) for _ in range(WARM_UP + ORDERS)]
    plain, with_number = zip(*pairs[WARM_UP:], strict=True)
    gap = statistics.median(with_number) - statistics.median(plain)
    return [
        Row("order without a number", format_times(plain), f"{ORDERS} orders, in turn with the others"),
        Row("order with a number to link", format_times(with_number), f"median {gap:+.1f} ms"),
    ]


def format_times(took: tuple[float, ...]) -> str:
    return f"p50 {statistics.median(took):.1f} ms, p95 {p95(took):.1f} ms"
