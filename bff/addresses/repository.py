"""The addresses table: only the default address for now."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses.rules import Address


async def find_default_address(session: AsyncSession, org_id: UUID, customer_id: UUID) -> Address | None:
    raise NotImplementedError


async def save_default_address(
    session: AsyncSession, org_id: UUID, customer_id: UUID, address: Address
) -> bool:
    """Keeps the address as the default one; False when a default is on file already, which stays."""
    raise NotImplementedError
