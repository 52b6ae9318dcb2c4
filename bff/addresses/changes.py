"""Adding, changing and removing an address within a transaction: afterwards there is one default, or no address."""

from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses.refusals import DefaultRequired, PointIncomplete, TooManyAddresses
from bff.addresses.repository import (
    delete_address,
    insert_address,
    list_addresses,
    lock_customer,
    move_default,
    update_address,
)
from bff.addresses.rules import Address, AddressOnFile, choose_default
from bff.addresses.schemas import AddressChange, change_address
from bff.errors import NotFound

MOST_ADDRESSES = 50
"""Of one customer: a list of them is read whole."""


async def add_address(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address: Address, is_default: bool = False
) -> AddressOnFile:
    """A customer's first one becomes the default in any case.

    Raises:
        NotFound: there is no such customer in the org.
        TooManyAddresses, PointIncomplete: nothing was written.
    """
    kept = await _lock_and_list(session, org_id, customer_id)
    if len(kept) >= MOST_ADDRESSES:
        raise TooManyAddresses
    check_point(address)
    added = await insert_address(
        session, org_id=org_id, customer_id=customer_id, address=address, is_default=not kept
    )
    if is_default and kept:
        await move_default(session, org_id=org_id, customer_id=customer_id, address_id=added.id)
    return msgspec.structs.replace(added, is_default=is_default or not kept)


async def apply_change(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address_id: UUID, change: AddressChange
) -> AddressOnFile:
    """
    Raises:
        NotFound: no such customer, or no such address of that customer.
        DefaultRequired, PointIncomplete: nothing was written.
    """
    kept = _find(await _lock_and_list(session, org_id, customer_id), address_id)
    if kept.is_default and change.is_default is False:
        raise DefaultRequired
    address = change_address(kept.address, change)
    if (change.latitude, change.longitude) != (UNSET, UNSET):
        check_point(address)
    changed = await update_address(
        session, org_id=org_id, customer_id=customer_id, address_id=address_id, address=address
    )
    if change.is_default is True:
        await move_default(session, org_id=org_id, customer_id=customer_id, address_id=address_id)
        return msgspec.structs.replace(changed, is_default=True)
    return changed


async def remove_address(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, address_id: UUID
) -> AddressOnFile | None:
    """The one that is the default instead, when the default was removed and others remain.

    Raises:
        NotFound: no such customer, or no such address of that customer.
    """
    addresses = await _lock_and_list(session, org_id, customer_id)
    removed = _find(addresses, address_id)
    await delete_address(session, org_id=org_id, customer_id=customer_id, address_id=address_id)
    if not removed.is_default:
        return None
    chosen = choose_default(kept for kept in addresses if kept.id != address_id)
    if chosen is not None:
        await move_default(session, org_id=org_id, customer_id=customer_id, address_id=chosen.id)
    return chosen


def check_point(address: Address) -> None:
    """
    Raises:
        PointIncomplete: a latitude without a longitude, or the other way round.
    """
    if (address.latitude is None) != (address.longitude is None):
        raise PointIncomplete


async def _lock_and_list(session: AsyncSession, org_id: UUID, customer_id: UUID) -> list[AddressOnFile]:
    if not await lock_customer(session, org_id=org_id, customer_id=customer_id):
        raise NotFound
    return await list_addresses(session, org_id=org_id, customer_id=customer_id)


def _find(addresses: list[AddressOnFile], address_id: UUID) -> AddressOnFile:
    found = next((kept for kept in addresses if kept.id == address_id), None)
    if found is None:
        raise NotFound
    return found
