"""What the table of links remembers of each use, and what it leaves out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bff.db import Database
from bff.phones import LinkOutcome, LinkSource, PhoneLink, link_phone
from bff.phones.repository import list_links, unlink

pytestmark = pytest.mark.asyncio

NUMBER, OTHER = "+819012345678", "+96892123456"
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Town:
    """Two orgs with a customer each."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.org_id, self.other_org_id = uuid4(), uuid4()
        self.customer_id, self.other_customer_id = uuid4(), uuid4()

    async def found(self) -> None:
        for org_id, customer_id in (
            (self.org_id, self.customer_id),
            (self.other_org_id, self.other_customer_id),
        ):
            async with self.database.orgless() as session:
                values = {"id": org_id, "slug": f"o{org_id.hex}"}
                await session.execute(
                    text(
                        "INSERT INTO orgs (id, slug, name, region, locale) VALUES (:id, :slug, 'Org', 'JP', 'en')"
                    ),
                    values,
                )
            await self.add_customer(org_id, customer_id)

    async def add_customer(self, org_id: UUID, customer_id: UUID, user_id: UUID | None = None) -> None:
        async with self.database.transaction(org_id) as session:
            await session.execute(
                text("INSERT INTO customers (org_id, id, kind, user_id) VALUES (:org, :id, 'stub', :user)"),
                {"org": org_id, "id": customer_id, "user": user_id},
            )

    async def see(self, at: datetime = NOON, **changes: Any) -> LinkOutcome:
        values: dict[str, Any] = {
            "org_id": self.org_id,
            "phone": NUMBER,
            "customer_id": self.customer_id,
            "source": LinkSource.ORDER,
            "verified": False,
        }
        values |= changes
        async with self.database.transaction(values["org_id"]) as session:
            return await link_phone(session, at=at, **values)

    async def list_all(self) -> list[PhoneLink]:
        async with self.database.transaction(self.org_id) as session:
            return list(await list_links(session, org_id=self.org_id, customer_id=self.customer_id))

    async def unlink(self, at: datetime) -> bool:
        [link] = await self.list_all()
        async with self.database.transaction(self.org_id) as session:
            return await unlink(
                session, org_id=self.org_id, link=link, actor="staff:1", reason="Number changed hands", at=at
            )


@pytest_asyncio.fixture
async def town(database: Database) -> AsyncIterator[Town]:
    town = Town(database)
    await town.found()
    yield town


class TestUses:
    async def test_of_one_number_and_customer_are_one_link(self, town: Town) -> None:
        first = await town.see(NOON)
        later = await town.see(NOON + HOUR, source=LinkSource.TILL)
        earlier = await town.see(NOON - HOUR)

        assert (first, later, earlier) == (
            LinkOutcome.CREATED,
            LinkOutcome.REFRESHED,
            LinkOutcome.REFRESHED,
        )
        [link] = await town.list_all()
        assert (link.first_seen_at, link.last_seen_at, link.times) == (NOON - HOUR, NOON + HOUR, 3)
        assert (link.source, link.is_verified) == (LinkSource.ORDER, False)

    async def test_with_proof_verify_the_link_and_say_how(self, town: Town) -> None:
        await town.see(NOON)
        await town.see(NOON + HOUR, source=LinkSource.CODE_VERIFIED, verified=True)
        await town.see(NOON + 2 * HOUR, source=LinkSource.ORDER)

        [link] = await town.list_all()
        assert (link.source, link.is_verified) == (LinkSource.CODE_VERIFIED, True)
        assert link.verified_at == NOON + HOUR

    async def test_of_a_customer_of_another_org_are_refused(self, town: Town) -> None:
        with pytest.raises(IntegrityError):
            await town.see(customer_id=town.other_customer_id)

    async def test_of_another_org_are_not_seen(self, town: Town) -> None:
        await town.see(org_id=town.other_org_id, customer_id=town.other_customer_id)

        async with town.database.transaction(town.org_id) as session:
            assert (await session.execute(text("SELECT count(*) FROM phone_links"))).scalar_one() == 0


class TestUnlinking:
    async def test_stays_as_history(self, town: Town) -> None:
        await town.see(NOON, verified=True, source=LinkSource.CODE_VERIFIED)

        assert await town.unlink(NOON + HOUR)
        [link] = await town.list_all()
        assert (link.is_live, link.is_verified) == (False, False)
        assert (link.unlinked_at, link.unlinked_by, link.unlink_reason) == (
            NOON + HOUR,
            "staff:1",
            "Number changed hands",
        )
        assert not await town.unlink(NOON + 2 * HOUR)

    async def test_is_not_undone_by_what_was_before(self, town: Town) -> None:
        """Such as a past order that the backfill comes to."""
        await town.see(NOON)
        await town.unlink(NOON + 2 * HOUR)
        await town.see(NOON + HOUR, verified=True)

        [link] = await town.list_all()
        assert (link.is_live, link.is_verified) == (False, False)

    async def test_ends_when_the_number_is_used_again_without_the_old_proof(self, town: Town) -> None:
        await town.see(NOON, verified=True, source=LinkSource.CODE_VERIFIED)
        await town.unlink(NOON + HOUR)
        await town.see(NOON + 2 * HOUR)

        [link] = await town.list_all()
        assert (link.is_live, link.is_verified, link.unlinked_by) == (True, False, "staff:1")


class TestOperators:
    async def test_numbers_do_not_become_a_customers(self, town: Town) -> None:
        async with town.database.transaction(town.org_id) as session:
            await session.execute(
                text(
                    "INSERT INTO operator_phones (org_id, phone, label) VALUES (:org, :phone, 'Call centre')"
                ),
                {"org": town.org_id, "phone": NUMBER},
            )

        assert await town.see() is LinkOutcome.OPERATOR_NUMBER
        assert await town.see(phone=OTHER) is LinkOutcome.CREATED
        assert [link.phone for link in await town.list_all()] == [OTHER]

    async def test_own_profiles_do_not_collect_callers_numbers(self, town: Town) -> None:
        user_id, operator_id = uuid4(), uuid4()
        async with town.database.transaction(town.org_id) as session:
            await session.execute(
                text("INSERT INTO users (id, email) VALUES (:id, 'op@staff.example')"), {"id": user_id}
            )
            await session.execute(
                text(
                    "INSERT INTO staff (org_id, id, user_id, email, role)"
                    " VALUES (:org, :id, :user, 'op@staff.example', 'support')"
                ),
                {"org": town.org_id, "id": uuid4(), "user": user_id},
            )
        await town.add_customer(town.org_id, operator_id, user_id)

        assert await town.see(customer_id=operator_id) is LinkOutcome.OPERATOR_ACCOUNT
        assert await town.see() is LinkOutcome.CREATED

    async def test_lines_of_services_are_nobodys(self, town: Town) -> None:
        assert await town.see(phone="+81990123456") is LinkOutcome.NOT_PERSONAL
        assert await town.list_all() == []
