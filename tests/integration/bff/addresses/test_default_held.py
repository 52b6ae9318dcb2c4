"""One default, whoever changes it how often at once: what PostgreSQL holds, and what the lock adds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses.changes import add_address, apply_change, remove_address
from bff.addresses.repository import CLEAR_DEFAULT, SET_DEFAULT, list_addresses, save_default_address
from bff.addresses.rules import Address
from bff.addresses.schemas import AddressChange
from bff.db import Database
from tests.fixtures.postgres import TestDatabase

pytestmark = pytest.mark.asyncio

AT_ONCE = 50
HOME = Address(street="1-2-3", city="Tokyo", country="JP")
MAKE_DEFAULT = AddressChange(is_default=True)


class Household(msgspec.Struct, frozen=True):
    """A customer with as many addresses as there are changes at once."""

    database: Database
    org_id: UUID
    customer_id: UUID
    address_ids: list[UUID]

    @property
    def names(self) -> dict[str, UUID]:
        return {"org_id": self.org_id, "customer_id": self.customer_id}

    async def change(self, run: Callable[[AsyncSession], Awaitable[object]]) -> None:
        async with self.database.transaction(self.org_id) as session:
            await run(session)

    async def list_defaults(self) -> list[bool]:
        async with self.database.transaction(self.org_id) as session:
            kept = await list_addresses(session, **self.names)
        return [address.is_default for address in kept]


@pytest_asyncio.fixture
async def household(test_database: TestDatabase) -> AsyncIterator[Household]:
    settings = msgspec.structs.replace(test_database.settings, pool_size=20, pool_timeout_s=30)
    database, org_id, customer_id = Database(settings), uuid4(), uuid4()
    async with database.transaction(org_id) as session:
        values = {"org": org_id, "customer": customer_id}
        await session.execute(text("INSERT INTO orgs VALUES (:org, 'some', 'Some', 'JP', 'en')"), values)
        await session.execute(
            text("INSERT INTO customers (org_id, id, kind) VALUES (:org, :customer, 'stub')"), values
        )
        added = [
            await add_address(session, org_id=org_id, customer_id=customer_id, address=HOME)
            for _ in range(AT_ONCE)
        ]
    yield Household(database, org_id, customer_id, [address.id for address in added])
    await database.close()


class TestAtOnce:
    async def test_fifty_that_each_make_another_the_default_leave_one(self, household: Household) -> None:
        async def make_default(address_id: UUID) -> None:
            await household.change(
                lambda session: apply_change(
                    session, **household.names, address_id=address_id, change=MAKE_DEFAULT
                )
            )

        await asyncio.gather(*map(make_default, household.address_ids))

        assert sum(await household.list_defaults()) == 1

    async def test_without_the_lock_some_of_them_fail(self, household: Household) -> None:
        """The index still holds; this is what the lock spares those who ask."""

        async def make_default(address_id: UUID) -> None:
            values = {"org": household.org_id, "customer": household.customer_id, "id": address_id}
            async with household.database.transaction(household.org_id) as session:
                await session.execute(CLEAR_DEFAULT, values)
                await session.execute(SET_DEFAULT, values)

        outcomes = await asyncio.gather(*map(make_default, household.address_ids), return_exceptions=True)

        assert [outcome for outcome in outcomes if outcome is not None] != []
        assert sum(await household.list_defaults()) == 1

    async def test_without_the_index_there_would_be_several(
        self, household: Household, test_database: TestDatabase
    ) -> None:
        """Read, then write, with nothing to hold it: all find the default gone and each sets its own."""
        await drop_index(test_database)
        barrier = asyncio.Barrier(5)

        async def make_default(address_id: UUID) -> None:
            values = {"org": household.org_id, "customer": household.customer_id, "id": address_id}
            async with household.database.transaction(household.org_id) as session:
                await barrier.wait()
                await session.execute(CLEAR_DEFAULT, values)
                await session.execute(SET_DEFAULT, values)

        await asyncio.gather(*map(make_default, household.address_ids[1:6]))

        assert sum(await household.list_defaults()) > 1

    async def test_additions_changes_and_removals_leave_one_too(self, household: Household) -> None:
        ids = household.address_ids

        def plan(number: int) -> Callable[[AsyncSession], Awaitable[object]]:
            match number % 4:
                case 0:
                    return lambda session: remove_address(session, **household.names, address_id=ids[number])
                case 1:
                    return lambda session: apply_change(
                        session, **household.names, address_id=ids[number], change=MAKE_DEFAULT
                    )
                case 2:
                    return lambda session: save_default_address(session, **household.names, address=HOME)
            return lambda session: remove_address(session, **household.names, address_id=ids[number])

        await asyncio.gather(*(household.change(plan(number)) for number in range(AT_ONCE)))

        assert sum(await household.list_defaults()) == 1


class TestConstraints:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE addresses SET is_default = false WHERE is_default",
            "DELETE FROM addresses WHERE is_default",
        ],
    )
    async def test_refuses_addresses_without_a_default(self, household: Household, statement: str) -> None:
        with pytest.raises(IntegrityError):
            await household.change(lambda session: session.execute(text(statement)))

        assert sum(await household.list_defaults()) == 1

    async def test_refuses_a_second_default(self, household: Household) -> None:
        with pytest.raises(IntegrityError):
            await household.change(
                lambda session: session.execute(text("UPDATE addresses SET is_default = true"))
            )

    async def test_lets_the_default_go_with_the_last_address(self, household: Household) -> None:
        await household.change(lambda session: session.execute(text("DELETE FROM addresses")))

        assert await household.list_defaults() == []


async def drop_index(test_database: TestDatabase) -> None:
    owner = Database(msgspec.structs.replace(test_database.settings, url=test_database.superuser_url))
    async with owner.orgless() as session:
        await session.execute(text("RESET ROLE"))
        await session.execute(text("DROP INDEX addresses_one_default"))
    await owner.close()
