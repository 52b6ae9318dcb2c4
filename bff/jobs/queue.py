"""The queue itself: where tasks register, how a job is promised."""

from collections.abc import Mapping
from copy import copy
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.ext.asyncio import AsyncSession

from bff.db.database import libpq_url
from bff.settings import DatabaseSettings

tasks = procrastinate.Blueprint()
"""Decorate with `@tasks.task(name="…", pass_context=True)`; the module must be imported where the worker starts."""

# For periodic tasks that repair: croniter's sixth field, the last one, is the seconds.
EVERY_10_S = "* * * * * */10"
EVERY_15_S = "* * * * * */15"

NAMESPACE = "portal"


async def become_app_role(connection: Any) -> None:
    await connection.execute("SET ROLE portal_app")
    if not connection.autocommit:
        await connection.commit()


class Jobs:
    """One per process. Deferring needs no connection of its own; running a worker does (`bff.jobs.worker`)."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=libpq_url(settings.url),
                kwargs={"connect_timeout": settings.connect_timeout_s, "application_name": "portal-jobs"},
                min_size=1,
                max_size=4,
                configure=become_app_role,
            )
        )
        self.app.add_tasks_from(_copy_tasks(), namespace=NAMESPACE)

    async def defer(
        self,
        session: AsyncSession,
        task: str,
        *,
        lock: str | None = None,
        queueing_lock: str | None = None,
        after_s: int = 0,
        arguments: Mapping[str, Any],
    ) -> bool:
        """Promise a job in the session's own transaction. Jobs that share a `lock` run one at a time, in order.

        `False` when a waiting job with the same `queueing_lock` makes this one needless.
        """

        async def promise() -> None:
            connection = (await (await session.connection()).get_raw_connection()).driver_connection
            deferrer = self.app.configure_task(
                f"{NAMESPACE}:{task}",
                allow_unknown=False,
                connection=connection,
                lock=lock,
                queueing_lock=queueing_lock,
                schedule_in={"seconds": after_s} if after_s else None,
            )
            await deferrer.defer_async(**arguments)

        if queueing_lock is None:
            await promise()
            return True
        try:
            # A duplicate aborts the transaction it happens in; the savepoint keeps the caller's alive. It is set
            # when the session is first asked for its connection inside the block.
            async with session.begin_nested():
                await promise()
        except AlreadyEnqueued:
            return False
        return True


def _copy_tasks() -> procrastinate.Blueprint:
    """Adding a blueprint renames its tasks and binds them to that app: without a copy the second app finds none."""
    copied = procrastinate.Blueprint()
    copies = {name: copy(task) for name, task in tasks.tasks.items()}
    copied.tasks.update(copies)
    for periodic in tasks.periodic_registry.periodic_tasks.values():
        copied.periodic_registry.register_task(
            task=copies[periodic.task.name],
            cron=periodic.cron,
            periodic_id=periodic.periodic_id,
            configure_kwargs=periodic.configure_kwargs,
        )
    return copied
