"""What a process needs while an org may move, put together: the one seam between the migration and the product.

When no org has an older table any more, this package, `bff.legacy`, `bff.verification.older_table` and the calls of
`make_migrating` are what is deleted.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog

from bff.adapters import Adapters
from bff.db import DatabaseUnavailable
from bff.migration import moving as _moving  # noqa: F401  (registers its deliveries)
from bff.migration.board import Board
from bff.migration.dual import DualWrite
from bff.migration.following import Following
from bff.migration.reads import Reads
from bff.migration.view import MigratingAccountView
from bff.settings import LegacySettings

AGAIN_S = 1.0

log = structlog.get_logger(__name__)


class MigrationSide(msgspec.Struct, frozen=True, kw_only=True):
    """`adapters` are those to work with: their account view knows the phases."""

    adapters: Adapters
    board: Board
    reads: Reads
    view: MigratingAccountView
    dual: DualWrite


def make_migrating(adapters: Adapters, settings: LegacySettings) -> MigrationSide:
    board = Board(adapters.database, adapters.broadcast, adapters.legacy)
    reads = Reads(adapters.database, adapters.broadcast, mismatch_limit=settings.mismatch_limit)
    view = MigratingAccountView(adapters, board, reads)
    own = msgspec.structs.replace(adapters, account_view=view)
    return MigrationSide(adapters=own, board=board, reads=reads, view=view, dual=DualWrite(own, board))


@asynccontextmanager
async def following_phases(side: MigrationSide, *, passes_verdicts: bool = False) -> AsyncIterator[None]:
    """While the adapters are open. `passes_verdicts` is for the worker."""
    with suppress(DatabaseUnavailable):
        await side.board.refresh()
    runs = [side.board.run, side.reads.run]
    if passes_verdicts:
        runs.append(Following(side.adapters, side.board).run)
    tasks = [asyncio.create_task(_keep_running(run)) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await side.view.close()
        with suppress(DatabaseUnavailable):
            await side.reads.flush()


async def _keep_running(run: Callable[[], Awaitable[None]]) -> None:
    """A process that no longer followed the phases would answer wrongly for as long as it lives."""
    while True:
        try:
            return await run()
        except Exception:
            log.exception("migration_task_failed")
        await asyncio.sleep(AGAIN_S)
