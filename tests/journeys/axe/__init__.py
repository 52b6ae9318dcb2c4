"""axe-core, an accessibility checker, as the npm registry has it, and how the journeys ask it.

It is kept here with its licences (MPL 2.0), so that the tests need neither Node.js nor a second registry. It is no
part of the product. To renew it: `npm pack axe-core@<version>`, then copy `axe.min.js` and the licences out of the
archive and enter version and checksum here.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
SEVERE = ("serious", "critical")
RUN = 'async () => (await axe.run(document, { resultTypes: ["violations"] })).violations'


@cache
def read_script() -> str:
    content = (Path(__file__).parent / "axe.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256, "this is not the axe-core that was meant"
    return content.decode()


async def find_violations(page: Page) -> list[str]:
    """Of the page as it stands, the serious and critical ones: which rule, and where it is broken."""
    await page.evaluate(read_script())
    found: list[dict[str, Any]] = await page.evaluate(RUN)
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']}"
        for rule in found
        if rule["impact"] in SEVERE
        for node in rule["nodes"]
    ]
