"""A backfill as a process of its own, to be killed: `python -m tests.faults.backfill_process`. Says when it moves."""

import asyncio
import os
import sys

from bff.adapters import make_adapters, opened
from bff.demo.people import DEMO_ORGS
from bff.logging import configure_logging
from bff.migration.backfill import Backfill, Progress
from bff.settings import read_settings

MOVING = b"moving\n"


async def main() -> None:
    settings = read_settings(os.environ)
    configure_logging("error")
    told: list[int] = []

    def tell(progress: Progress) -> None:
        if progress.moved and not told:
            told.append(progress.moved)
            sys.stdout.buffer.write(MOVING)
            sys.stdout.buffer.flush()

    async with opened(make_adapters(settings)) as adapters:
        await Backfill(adapters, DEMO_ORGS[0].id, tell=tell).run()


if __name__ == "__main__":
    asyncio.run(main())
