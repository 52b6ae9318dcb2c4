"""The addresses table; so far only the default address."""

from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses.rules import Address

FIND_DEFAULT = text(
    "SELECT type, building, floor, apartment, street, area, city, postal_code, country, latitude, longitude,"
    " delivery_notes FROM addresses WHERE org_id = :org AND customer_id = :customer AND is_default"
    " AND street IS NOT NULL AND city IS NOT NULL AND country IS NOT NULL"
)

SAVE_DEFAULT = text(
    "INSERT INTO addresses (org_id, id, customer_id, type, building, floor, apartment, street, area, city,"
    " postal_code, country, latitude, longitude, delivery_notes, is_default)"
    " VALUES (:org, :id, :customer, :type, :building, :floor, :apartment, :street, :area, :city,"
    " :postal_code, :country, :latitude, :longitude, :delivery_notes, true)"
    " ON CONFLICT (org_id, customer_id) WHERE is_default DO NOTHING"
)


async def find_default_address(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> Address | None:
    """None also for one that says too little to be served."""
    found = await session.execute(FIND_DEFAULT, {"org": org_id, "customer": customer_id})
    row = found.one_or_none()
    return msgspec.convert(dict(row._mapping), Address) if row else None


async def save_default_address(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address: Address
) -> None:
    """Keeps the address as the default; a default that is on file already stays instead."""
    values = {"org": org_id, "id": uuid4(), "customer": customer_id, **msgspec.to_builtins(address)}
    await session.execute(SAVE_DEFAULT, values)
