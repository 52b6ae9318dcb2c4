import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import procrastinate
import pytest
from procrastinate import JobContext
from procrastinate.exceptions import TaskNotFound
from sqlalchemy import text

from bff.db import Database
from bff.jobs import JitteredRetry, Jobs, run_worker, tasks
from tests.fixtures.postgres import TestDatabase

pytestmark = pytest.mark.asyncio

COUNT = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'portal:test_note'")
LOSE = text(
    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE task_name = 'portal:test_note'"
)
DEAD_WORKER = text(
    "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
)


class Notebook:
    """What the jobs of one test wrote down."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.fails = 0
        self.written = asyncio.Event()

    def write(self, note: str) -> None:
        if self.fails:
            self.fails -= 1
            raise ZeroDivisionError
        self.notes.append(note)
        self.written.set()


@tasks.task(name="test_note", pass_context=True, retry=JitteredRetry(max_attempts=3))
async def write_note(context: JobContext, note: str) -> None:
    context.additional_context["notebook"].write(note)


@asynccontextmanager
async def working(jobs: Jobs, **context: Any) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(jobs, context, stop=stop, grace_s=1))
    try:
        yield
    finally:
        stop.set()
        await worker


@pytest.fixture
def jobs(test_database: TestDatabase) -> Jobs:
    return Jobs(test_database.settings)


async def promise(database: Database, jobs: Jobs, note: str, **options: Any) -> bool:
    async with database.orgless() as session:
        return await jobs.defer(session, "test_note", arguments={"note": note}, **options)


async def count_jobs(database: Database) -> int:
    async with database.orgless() as session:
        return int((await session.execute(COUNT)).scalar_one())


class TestDefer:
    async def test_commits_with_the_transaction(self, database: Database, jobs: Jobs) -> None:
        with suppress(ZeroDivisionError):
            async with database.orgless() as session:
                await jobs.defer(session, "test_note", arguments={"note": "never"})
                raise ZeroDivisionError
        assert await count_jobs(database) == 0

        assert await promise(database, jobs, "once")
        assert await count_jobs(database) == 1

    async def test_leaves_out_a_job_that_waits_already_and_keeps_the_transaction(
        self, database: Database, jobs: Jobs
    ) -> None:
        async with database.orgless() as session:
            arguments = {"note": "one"}
            assert await jobs.defer(session, "test_note", queueing_lock="one", arguments=arguments)
            assert not await jobs.defer(session, "test_note", queueing_lock="one", arguments=arguments)
            assert await jobs.defer(session, "test_note", queueing_lock="two", arguments=arguments)

        assert await count_jobs(database) == 2

    async def test_refuses_a_task_that_nobody_would_run(self, database: Database, jobs: Jobs) -> None:
        with pytest.raises(TaskNotFound):
            async with database.orgless() as session:
                await jobs.defer(session, "no_such_task", arguments={})


class TestWorker:
    async def test_runs_a_job_and_forgets_it(self, database: Database, jobs: Jobs) -> None:
        notebook = Notebook()
        async with working(jobs, notebook=notebook):
            await promise(database, jobs, "hello")
            async with asyncio.timeout(5):
                await notebook.written.wait()

        assert notebook.notes == ["hello"]
        assert await count_jobs(database) == 0

    async def test_tries_again_after_a_failure(self, database: Database, jobs: Jobs) -> None:
        notebook = Notebook()
        notebook.fails = 1
        async with working(jobs, notebook=notebook):
            await promise(database, jobs, "hello")
            async with asyncio.timeout(10):
                await notebook.written.wait()

        assert notebook.notes == ["hello"]

    async def test_gives_back_what_a_killed_worker_held(self, database: Database, jobs: Jobs) -> None:
        notebook = Notebook()
        await promise(database, jobs, "hello")
        async with database.orgless() as session:
            worker_id = (await session.execute(DEAD_WORKER)).scalar_one()
            await session.execute(LOSE, {"worker": worker_id})

        async with working(jobs, notebook=notebook):
            async with database.orgless() as session:
                await jobs.defer(session, "revive_stalled", arguments={"timestamp": 0})
            async with asyncio.timeout(10):
                await notebook.written.wait()

        assert notebook.notes == ["hello"]


class TestJitteredRetry:
    @pytest.mark.parametrize("attempts", [0, 1, 5, 24])
    async def test_waits_a_bounded_while(self, attempts: int) -> None:
        decision = JitteredRetry().get_retry_decision(exception=ValueError(), job=make_job(attempts))

        assert decision is not None
        assert decision.retry_at is not None

    async def test_gives_up_in_the_end(self) -> None:
        assert JitteredRetry().get_retry_decision(exception=ValueError(), job=make_job(25)) is None


def make_job(attempts: int) -> procrastinate.jobs.Job:
    return procrastinate.jobs.Job(
        id=1, status="doing", queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts
    )
