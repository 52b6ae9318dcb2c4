"""The outbox's jobs."""

from uuid import UUID

from procrastinate import JobContext

from bff.deliveries.service import TASK, Deliveries
from bff.jobs import EVERY_10_S, JitteredRetry, tasks


def get_deliveries(context: JobContext) -> Deliveries:
    deliveries: Deliveries = context.additional_context["deliveries"]
    return deliveries


@tasks.task(name=TASK, pass_context=True, retry=JitteredRetry())
async def deliver(context: JobContext, org_id: str, op_id: str) -> None:
    await get_deliveries(context).run_job(UUID(org_id), UUID(op_id))


@tasks.periodic(cron=EVERY_10_S)
@tasks.task(name="sweep_deliveries", pass_context=True, queueing_lock="sweep_deliveries")
async def sweep_deliveries(context: JobContext, timestamp: int) -> None:
    await get_deliveries(context).sweep()
