"""A worker as far as phases go: `python -m tests.bench.phase_follower`. Says when it has noticed each change."""

import asyncio
import os
import sys
import time

from bff.adapters import make_adapters, opened
from bff.demo.people import DEMO_ORGS
from bff.logging import configure_logging
from bff.migration.side import following_phases, make_migrating
from bff.settings import read_settings

ORG_ID = DEMO_ORGS[0].id
LOOK_EVERY_S = 0.002


async def main() -> None:
    configure_logging("critical")
    settings = read_settings(os.environ)
    side = make_migrating(make_adapters(settings), settings.legacy)
    async with opened(side.adapters), following_phases(side):
        seen = None
        while True:
            standing = side.board.find(ORG_ID)
            if standing != seen:
                seen = standing
                sys.stdout.write(f"{standing.phase if standing else 'none'} {time.time()}\n")
                sys.stdout.flush()
            await asyncio.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    asyncio.run(main())
