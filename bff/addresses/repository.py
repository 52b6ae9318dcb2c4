"""The statements on `addresses`. Whoever changes addresses of a customer locks the customer's row first: changes of
two at once take turns, and the check that there is a default waits in the same order.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses.rules import Address, AddressOnFile

_PARTS = ", ".join(Address.__struct_fields__)
_COLUMNS = f"id, is_default, created_at, {_PARTS}"
_MINE = "org_id = :org AND customer_id = :customer"

LOCK_CUSTOMER = text("SELECT id FROM customers WHERE org_id = :org AND id = :customer FOR NO KEY UPDATE")
FIND_DEFAULT = text(f"SELECT {_PARTS} FROM addresses WHERE {_MINE} AND is_default")  # noqa: S608
LIST = text(f"SELECT {_COLUMNS} FROM addresses WHERE {_MINE} ORDER BY is_default DESC, created_at DESC, id")  # noqa: S608
LIST_OF = text(
    f"SELECT customer_id, {_COLUMNS} FROM addresses WHERE org_id = :org AND customer_id = ANY(:customers)"  # noqa: S608
    " ORDER BY is_default DESC, created_at DESC, id"
)
_INSERT = (
    f"INSERT INTO addresses (org_id, id, customer_id, is_default, created_at, {_PARTS})"  # noqa: S608
    " VALUES (:org, :id, :customer, :is_default, clock_timestamp(), :type, :building, :floor, :apartment, :street,"
    " :area, :city, :postal_code, :country, :latitude, :longitude, :delivery_notes)"
)
SAVE_DEFAULT = text(f"{_INSERT} ON CONFLICT (org_id, customer_id) WHERE is_default DO NOTHING")
INSERT = text(f"{_INSERT} RETURNING {_COLUMNS}")
UPDATE = text(
    "UPDATE addresses SET type = :type, building = :building, floor = :floor, apartment = :apartment,"  # noqa: S608
    " street = :street, area = :area, city = :city, postal_code = :postal_code, country = :country,"
    " latitude = :latitude, longitude = :longitude, delivery_notes = :delivery_notes"
    f" WHERE {_MINE} AND id = :id RETURNING {_COLUMNS}"
)
DELETE = text(f"DELETE FROM addresses WHERE {_MINE} AND id = :id")  # noqa: S608
# Two statements: the unique index is looked at row by row, so the old default must be gone before the new one comes.
CLEAR_DEFAULT = text(f"UPDATE addresses SET is_default = false WHERE {_MINE} AND is_default AND id <> :id")  # noqa: S608
SET_DEFAULT = text(f"UPDATE addresses SET is_default = true WHERE {_MINE} AND id = :id AND NOT is_default")  # noqa: S608


async def find_default_address(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> Address | None:
    row = (await session.execute(FIND_DEFAULT, {"org": org_id, "customer": customer_id})).one_or_none()
    return msgspec.convert(dict(row._mapping), Address) if row else None


async def save_default_address(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address: Address
) -> None:
    """Keeps the address as the default; a default that is on file already stays instead."""
    await lock_customer(session, org_id=org_id, customer_id=customer_id)
    values = {"org": org_id, "customer": customer_id, "id": uuid4(), "is_default": True}
    await session.execute(SAVE_DEFAULT, values | msgspec.to_builtins(address))


async def lock_customer(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> bool:
    """Until the transaction ends nobody else changes the customer's addresses. False when there is no such customer."""
    found = await session.execute(LOCK_CUSTOMER, {"org": org_id, "customer": customer_id})
    return found.one_or_none() is not None


async def list_addresses(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> list[AddressOnFile]:
    """The default first, then newest first."""
    rows = await session.execute(LIST, {"org": org_id, "customer": customer_id})
    return [_make_address_on_file(row) for row in rows]


async def list_addresses_of(
    session: AsyncSession, *, org_id: UUID, customer_ids: Sequence[UUID]
) -> dict[UUID, list[AddressOnFile]]:
    """Of many customers at once, each as `list_addresses` gives them."""
    addresses: dict[UUID, list[AddressOnFile]] = {customer_id: [] for customer_id in customer_ids}
    for row in await session.execute(LIST_OF, {"org": org_id, "customers": list(customer_ids)}):
        addresses[row.customer_id].append(_make_address_on_file(row))
    return addresses


async def insert_address(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address: Address, is_default: bool
) -> AddressOnFile:
    values = {"org": org_id, "customer": customer_id, "id": uuid4(), "is_default": is_default}
    inserted = await session.execute(INSERT, values | msgspec.to_builtins(address))
    return _make_address_on_file(inserted.one())


async def update_address(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address_id: UUID, address: Address
) -> AddressOnFile:
    values = {"org": org_id, "customer": customer_id, "id": address_id}
    updated = await session.execute(UPDATE, values | msgspec.to_builtins(address))
    return _make_address_on_file(updated.one())


async def delete_address(session: AsyncSession, *, org_id: UUID, customer_id: UUID, address_id: UUID) -> None:
    await session.execute(DELETE, {"org": org_id, "customer": customer_id, "id": address_id})


async def move_default(session: AsyncSession, *, org_id: UUID, customer_id: UUID, address_id: UUID) -> None:
    """To this address, away from any other. The customer must be locked."""
    values = {"org": org_id, "customer": customer_id, "id": address_id}
    await session.execute(CLEAR_DEFAULT, values)
    await session.execute(SET_DEFAULT, values)


def _make_address_on_file(row: Row[Any]) -> AddressOnFile:
    values = row._mapping
    parts = {name: values[name] for name in Address.__struct_fields__}
    return AddressOnFile(
        id=values["id"],
        address=msgspec.convert(parts, Address),
        is_default=values["is_default"],
        created_at=values["created_at"],
    )
