"""Promising a job on the session's own connection."""

from uuid import uuid4

import pytest
from sqlalchemy import text

import bff.deliveries  # noqa: F401  (registers the task)
from bff.db import Database
from bff.jobs import Jobs
from tests.fixtures.postgres import TestDatabase

pytestmark = pytest.mark.asyncio

ORG = uuid4()
ADD_ORG = text("INSERT INTO orgs (id, slug, name, region, locale) VALUES (:id, :slug, 'One', 'JP', 'en')")
ARGUMENTS = {"org_id": str(ORG), "op_id": str(uuid4())}


async def promise(database: Database, jobs: Jobs, slug: str) -> bool:
    """A row and a job in one transaction."""
    async with database.transaction(ORG) as session:
        await session.execute(ADD_ORG, {"id": uuid4(), "slug": slug})
        return await jobs.defer(session, "deliver", queueing_lock="one", arguments=ARGUMENTS)


class TestDefer:
    async def test_a_needless_job_leaves_the_rest_of_its_transaction_alone(
        self, database: Database, test_database: TestDatabase
    ) -> None:
        jobs = Jobs(test_database.settings)

        promised = [await promise(database, jobs, "first"), await promise(database, jobs, "second")]

        async with database.orgless() as session:
            slugs = set((await session.execute(text("SELECT slug FROM orgs"))).scalars())
        assert promised == [True, False]
        assert slugs == {"first", "second"}
