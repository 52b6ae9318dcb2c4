import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text

from bff.db import Database
from bff.errors import Forbidden, IdempotencyKeyReused, InvalidRequest
from bff.idempotency import Answer, forget_old_keys, make_digest, parse_idempotency_key, replay_or_run
from tests.fixtures.postgres import TestDatabase

pytestmark = pytest.mark.asyncio


class Till:
    """Rings once per effect, in the database, so that a rolled-back effect does not count."""

    def __init__(self, database: Database, org_id: UUID) -> None:
        self.database = database
        self.org_id = org_id

    async def ring(
        self, *, key: str | None = "key-1", body: str = "tea", actor: str = "hana", fails: bool = False
    ) -> Answer:
        async with self.database.transaction(self.org_id) as session:

            async def run() -> Answer:
                values = {"org": self.org_id, "id": uuid4()}
                await session.execute(
                    text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :id, 'stub')"), values
                )
                if fails:
                    raise Forbidden
                return Answer(status=202, body=str(values["id"]).encode())

            return await replay_or_run(
                session, org_id=self.org_id, actor=actor, key=key, digest=make_digest("ring", body), run=run
            )

    async def count(self) -> int:
        async with self.database.transaction(self.org_id) as session:
            return int((await session.execute(text("SELECT count(*) FROM customers"))).scalar_one())


@pytest_asyncio.fixture
async def till(test_database: TestDatabase) -> AsyncIterator[Till]:
    database = Database(msgspec.structs.replace(test_database.settings, pool_timeout_s=20))
    yield await make_till(database)
    await database.close()


async def make_till(database: Database) -> Till:
    org = uuid4()
    async with database.orgless() as session:
        insert = text("INSERT INTO orgs VALUES (:id, :slug, 'Org', 'JP', 'en')")
        await session.execute(insert, {"id": org, "slug": f"o{org.hex}"})
    return Till(database, org)


class TestReplayOrRun:
    async def test_gives_the_first_answer_again(self, till: Till) -> None:
        first, second = await till.ring(), await till.ring()

        assert (first.status, first.body, first.replayed) == (202, second.body, False)
        assert second.replayed
        assert await till.count() == 1

    async def test_has_one_effect_for_50_at_once(self, till: Till) -> None:
        answers = await asyncio.gather(*(till.ring() for _ in range(50)))

        assert len({(answer.status, answer.body) for answer in answers}) == 1
        assert sum(not answer.replayed for answer in answers) == 1
        assert await till.count() == 1

    async def test_refuses_the_same_key_for_something_else(self, till: Till) -> None:
        await till.ring()
        with pytest.raises(IdempotencyKeyReused):
            await till.ring(body="coffee")

        assert await till.count() == 1

    async def test_keeps_actors_and_orgs_apart(self, till: Till) -> None:
        other = await make_till(till.database)
        await asyncio.gather(till.ring(), till.ring(actor="kenji"), other.ring())

        assert (await till.count(), await other.count()) == (2, 1)

    async def test_forgets_a_try_that_was_refused(self, till: Till) -> None:
        with pytest.raises(Forbidden):
            await till.ring(fails=True)

        assert not (await till.ring()).replayed
        assert await till.count() == 1

    async def test_lets_the_next_in_line_run_when_the_first_fails(self, till: Till) -> None:
        outcomes = await asyncio.gather(
            *(till.ring(fails=number == 0) for number in range(10)), return_exceptions=True
        )

        assert await till.count() == 1
        assert sum(isinstance(outcome, Answer) for outcome in outcomes) >= 9

    async def test_runs_each_time_without_a_key(self, till: Till) -> None:
        await till.ring(key=None)
        await till.ring(key=None)

        assert await till.count() == 2

    async def test_forgets_after_its_time(self, till: Till) -> None:
        await till.ring()
        async with till.database.transaction(till.org_id) as session:
            await forget_old_keys(session, age_s=3600)
        assert (await till.ring()).replayed
        async with till.database.transaction(till.org_id) as session:
            await forget_old_keys(session, age_s=-1)

        assert not (await till.ring()).replayed


class TestParseIdempotencyKey:
    async def test_takes_what_is_visible_ascii(self) -> None:
        assert parse_idempotency_key(None) is None
        assert parse_idempotency_key("3f2b-1") == "3f2b-1"

    @pytest.mark.parametrize("header", ["", " ", "a b", "x" * 201, "é", "a\n", "\x00"])
    async def test_refuses_the_rest(self, header: str) -> None:
        with pytest.raises(InvalidRequest):
            parse_idempotency_key(header)
