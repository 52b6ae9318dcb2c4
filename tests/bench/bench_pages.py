"""What a page weighs on its way to the browser: all of it on the first visit, the page alone on every later one."""

import re
import tempfile
import urllib.request
from pathlib import Path

from tests.bench.stage import Portal, run_portal
from tests.bench.table import Row

PAGES = ("/account", "/account/shop/internet", "/account/shop/sim", "/account/orders", "/checkout")
_ASSET = re.compile(rb'"(/static/[^"]+)"')


def fetch(portal: Portal, path: str) -> bytes:
    """As it goes over the wire."""
    headers = {**portal.headers, "Accept": "text/html", "Accept-Encoding": "gzip"}
    address = f"http://127.0.0.1:{portal.port}{path}"
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
        body: bytes = answer.read()
    return body


def weigh(portal: Portal, path: str) -> Row:
    page = fetch(portal, path)
    assets = {name: len(fetch(portal, name.decode())) for name in sorted(set(_ASSET.findall(page)))}
    first_kb, later_kb = (len(page) + sum(assets.values())) / 1e3, len(page) / 1e3
    is_live = b"data-stream" in page
    remark = (
        f"then {later_kb:.1f} kB; {1 + len(assets)} requests{', and the status stream' if is_live else ''}"
    )
    return Row(f"page {path}, first visit", f"{first_kb:.1f} kB", remark)


def measure_rows() -> list[Row]:
    """One row a page; takes as long as `bff up`."""
    with tempfile.TemporaryDirectory() as folder, run_portal(Path(folder)) as portal:
        return [weigh(portal, path) for path in PAGES]
