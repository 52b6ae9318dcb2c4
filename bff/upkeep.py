"""Jobs that keep the foundation's own tables small."""

from procrastinate import JobContext

from bff.db import Database
from bff.idempotency import forget_old_keys
from bff.jobs import tasks
from bff.tenancy import list_orgs


@tasks.periodic(cron="41 * * * *")
@tasks.task(name="forget_idempotency_keys", pass_context=True, queueing_lock="forget_idempotency_keys")
async def forget_idempotency_keys(context: JobContext, timestamp: int) -> None:
    database: Database = context.additional_context["adapters"].database
    async with database.orgless() as session:
        orgs = await list_orgs(session)
    for org in orgs:
        async with database.transaction(org.id) as session:
            await forget_old_keys(session)
