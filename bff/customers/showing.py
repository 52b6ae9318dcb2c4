"""Profiles as they are told: with their addresses, which a page of customers reads at once."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses import list_addresses_of
from bff.customers.rules import Profile
from bff.customers.schemas import CustomerAnswer, make_customer


async def show_customers(
    session: AsyncSession, profiles: Sequence[Profile], *, is_masked: bool = False
) -> list[CustomerAnswer]:
    """All of one org, in the given order."""
    if not profiles:
        return []
    org_id, customer_ids = profiles[0].org_id, [profile.id for profile in profiles]
    addresses = await list_addresses_of(session, org_id=org_id, customer_ids=customer_ids)
    return [make_customer(profile, addresses[profile.id], is_masked=is_masked) for profile in profiles]


async def show_customer(
    session: AsyncSession, profile: Profile, *, is_masked: bool = False
) -> CustomerAnswer:
    [answer] = await show_customers(session, [profile], is_masked=is_masked)
    return answer
