"""Running jobs."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from procrastinate import JobContext

from bff.jobs.queue import EVERY_15_S, Jobs, tasks

POLL_S = 0.5
"""Jobs due now arrive by notification; this is how late one that was put off may start."""
STALLED_AFTER_S = 30
KEEP_FAILED_H = 72

log = structlog.get_logger(__name__)


async def run_worker(
    jobs: Jobs,
    context: Mapping[str, Any],
    *,
    stop: asyncio.Event,
    concurrency: int = 10,
    grace_s: float = 10.0,
) -> None:
    """Run jobs until `stop` is set, then let those under way finish within `grace_s`.

    `context` is what tasks find in `context.additional_context`.
    """
    async with jobs.app.open_async():
        working = asyncio.create_task(
            jobs.app.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=POLL_S,
                delete_jobs="successful",
                install_signal_handlers=False,
                shutdown_graceful_timeout=grace_s,
                additional_context=dict(context),
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        working.cancel()
        # A worker that ended by itself has failed, and its error must not be lost.
        (ended,) = await asyncio.gather(working, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended


@tasks.periodic(cron=EVERY_15_S)
@tasks.task(name="revive_stalled", pass_context=True, queueing_lock="revive_stalled")
async def revive_stalled(context: JobContext, timestamp: int) -> None:
    """A killed worker's jobs stay "doing" for ever unless somebody gives them back."""
    manager = context.app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S))
    for job in stalled:
        await manager.retry_job(job)
    if stalled:
        log.warning("jobs_revived", count=len(stalled))


@tasks.periodic(cron="17 * * * *")
@tasks.task(name="forget_failed", pass_context=True, queueing_lock="forget_failed")
async def forget_failed(context: JobContext, timestamp: int) -> None:
    await context.app.job_manager.delete_old_jobs(
        nb_hours=KEEP_FAILED_H, include_failed=True, include_cancelled=True, include_aborted=True
    )
