"""What staff, machines and customers do with the addresses of a customer; each change has its audit line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.addresses.changes import add_address, apply_change, remove_address
from bff.addresses.refusals import DefaultRequired, PointIncomplete, TooManyAddresses
from bff.addresses.repository import list_addresses
from bff.addresses.rules import Address, AddressOnFile
from bff.addresses.schemas import AddressChange, CustomerAddress, make_customer_address
from bff.audit import record
from bff.errors import IdempotencyKeyReused, NotFound
from bff.idempotency import Answer, make_digest, replay_or_run
from bff.identity import Caller
from bff.pictures import Pictures

REFUSALS = (NotFound, DefaultRequired, PointIncomplete, TooManyAddresses, IdempotencyKeyReused)

FIND_CUSTOMER = text("SELECT id, account_id FROM customers WHERE org_id = :org AND id = :customer")


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of the org, and who changes what it has."""

    caller: Caller
    customer_id: UUID
    account_id: str | None


class AddressBook:
    """One per process. Whether the caller may reach the customer is the guards' to say.

    `pictures` are those that say whether an account has an address: they are forgotten by every change.
    """

    def __init__(self, adapters: Adapters, pictures: Pictures[Any]) -> None:
        self._database = adapters.database
        self._pictures = pictures

    async def list_all(self, caller: Caller, customer_id: UUID) -> list[AddressOnFile]:
        """Raises NotFound."""
        async with self._database.transaction(caller.org_id) as session:
            await _get_whose(session, caller, customer_id)
            return await list_addresses(session, org_id=caller.org_id, customer_id=customer_id)

    async def add(
        self, caller: Caller, customer_id: UUID, address: Address, *, is_default: bool, key: str | None = None
    ) -> Answer:
        """The address as it is answered; a repetition under the same key adds nothing.

        Raises:
            NotFound, TooManyAddresses, PointIncomplete, IdempotencyKeyReused: nothing was written.
        """

        async def run() -> Answer:
            added = await add_address(
                session,
                org_id=caller.org_id,
                customer_id=customer_id,
                address=address,
                is_default=is_default,
            )
            await _record(session, whose, "address.added", added.id)
            return Answer(status=201, body=msgspec.json.encode(make_customer_address(added)))

        async with self._changing(caller, customer_id) as (session, whose):
            return await replay_or_run(
                session,
                org_id=caller.org_id,
                actor=caller.actor,
                key=key,
                digest=make_digest("addresses", customer_id, address, is_default),
                run=run,
            )

    async def change(
        self, caller: Caller, customer_id: UUID, address_id: UUID, change: AddressChange
    ) -> CustomerAddress:
        """
        Raises:
            NotFound, DefaultRequired, PointIncomplete: nothing was written.
        """
        async with self._changing(caller, customer_id) as (session, whose):
            changed = await apply_change(
                session,
                org_id=caller.org_id,
                customer_id=customer_id,
                address_id=address_id,
                change=change,
            )
            fields = sorted(msgspec.to_builtins(change))
            await _record(session, whose, "address.changed", address_id, fields=fields)
        return make_customer_address(changed)

    async def remove(self, caller: Caller, customer_id: UUID, address_id: UUID) -> None:
        """The next default is chosen by `rules.choose_default`. Raises NotFound."""
        async with self._changing(caller, customer_id) as (session, whose):
            chosen = await remove_address(
                session, org_id=caller.org_id, customer_id=customer_id, address_id=address_id
            )
            next_default = str(chosen.id) if chosen else None
            await _record(session, whose, "address.removed", address_id, nextDefault=next_default)

    @asynccontextmanager
    async def _changing(self, caller: Caller, customer_id: UUID) -> AsyncIterator[tuple[AsyncSession, Whose]]:
        """A transaction; what is cached about the customer's account is forgotten around it."""
        async with self._database.transaction(caller.org_id) as session:
            whose = await _get_whose(session, caller, customer_id)
        async with self._marking(whose.account_id), self._database.transaction(caller.org_id) as session:
            yield session, whose
        if whose.account_id:
            await self._pictures.announce([whose.account_id])

    @asynccontextmanager
    async def _marking(self, account_id: str | None) -> AsyncIterator[None]:
        if account_id is None:
            yield
            return
        async with self._pictures.writing(account_id) as write:
            try:
                yield
            except REFUSALS:
                # Rolled back for certain, while any other failure leaves the commit in doubt.
                write.settle()
                raise


async def _get_whose(session: AsyncSession, caller: Caller, customer_id: UUID) -> Whose:
    values = {"org": caller.org_id, "customer": customer_id}
    row = (await session.execute(FIND_CUSTOMER, values)).one_or_none()
    if row is None:
        raise NotFound
    return Whose(caller=caller, customer_id=row.id, account_id=row.account_id)


async def _record(session: AsyncSession, whose: Whose, action: str, address_id: UUID, **detail: Any) -> None:
    await record(
        session,
        org_id=whose.caller.org_id,
        actor=whose.caller.actor,
        action=action,
        subject=f"customer:{whose.customer_id}",
        detail={"address": str(address_id), **detail},
    )
