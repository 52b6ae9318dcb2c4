"""The wire shape of an address and how it becomes the product's own."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bff.addresses.rules import Address, AddressOnFile, AddressType, Point, find_point, get_distance_m
from bff.errors import InvalidRequest

# One line that says something: no control characters (PostgreSQL refuses NUL), at least one visible sign.
_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
# Several lines.
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Line20 = Annotated[str, Meta(min_length=1, max_length=20, pattern=_LINE)]
Line100 = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
Line200 = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Text500 = Annotated[str, Meta(max_length=500, pattern=TEXT)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", min_length=2, max_length=2)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]

NEAR = r"^-?[0-9]{1,2}(\.[0-9]{1,15})?,-?[0-9]{1,3}(\.[0-9]{1,15})?$"
"""`latitude,longitude` in degrees."""


class AddressInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An address as a client sends it; `country` (ISO 3166, two capitals) defaults to the org's own."""

    type: AddressType = AddressType.HOME
    building: Line100 | None = None
    floor: Line20 | None = None
    apartment: Line20 | None = None
    street: Line200
    area: Line100 | None = None
    city: Line100
    postal_code: Line20 | None = None
    country: Country | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    delivery_notes: Text500 | None = None


class NewAddressInput(AddressInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A customer's first address is the default in any case."""

    is_default: bool = False


class AddressChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays; null empties. `isDefault: true` moves the default here."""

    type: AddressType | UnsetType = UNSET
    building: Line100 | UnsetType | None = UNSET
    floor: Line20 | UnsetType | None = UNSET
    apartment: Line20 | UnsetType | None = UNSET
    street: Line200 | UnsetType = UNSET
    area: Line100 | UnsetType | None = UNSET
    city: Line100 | UnsetType = UNSET
    postal_code: Line20 | UnsetType | None = UNSET
    country: Country | UnsetType = UNSET
    latitude: Latitude | UnsetType | None = UNSET
    longitude: Longitude | UnsetType | None = UNSET
    delivery_notes: Text500 | UnsetType | None = UNSET
    is_default: bool | UnsetType = UNSET


class CustomerAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One address of a customer. `distance` is in metres from the point asked for, null without one or the other."""

    id: UUID
    type: AddressType
    building: str | None
    floor: str | None
    apartment: str | None
    street: str
    area: str | None
    city: str
    postal_code: str | None
    country: str
    latitude: float | None
    longitude: float | None
    delivery_notes: str | None
    is_default: bool
    created_at: datetime
    distance: int | None = None


class AddressList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The default first, then newest first; near a point the nearest first and those without a point last."""

    items: list[CustomerAddress]
    next_cursor: str | None = None


def make_address(wire: AddressInput, *, region: str) -> Address:
    """Trims what people type around words; an address without a country is in the org's."""
    return Address(
        type=wire.type,
        building=_trim(wire.building),
        floor=_trim(wire.floor),
        apartment=_trim(wire.apartment),
        street=wire.street.strip(),
        area=_trim(wire.area),
        city=wire.city.strip(),
        postal_code=_trim(wire.postal_code),
        country=wire.country or region,
        latitude=wire.latitude,
        longitude=wire.longitude,
        delivery_notes=_trim(wire.delivery_notes),
    )


def change_address(address: Address, change: AddressChange) -> Address:
    """The address with what the change says, trimmed like a new one."""
    given = msgspec.structs.asdict(change)
    said = {name: given[name] for name in Address.__struct_fields__ if given[name] is not UNSET}
    return msgspec.structs.replace(
        address, **{name: _trim(value) if type(value) is str else value for name, value in said.items()}
    )


def make_customer_address(kept: AddressOnFile, near: Point | None = None) -> CustomerAddress:
    point = find_point(kept.address)
    return CustomerAddress(
        id=kept.id,
        is_default=kept.is_default,
        created_at=kept.created_at.replace(microsecond=0),
        distance=get_distance_m(near, point) if near and point else None,
        **msgspec.structs.asdict(kept.address),
    )


def make_address_list(addresses: Sequence[AddressOnFile], near: Point | None = None) -> AddressList:
    items = [make_customer_address(kept, near) for kept in addresses]
    if near:
        items.sort(key=lambda item: math.inf if item.distance is None else item.distance)
    return AddressList(items=items)


def parse_near(text: str | None) -> Point | None:
    """
    Raises:
        InvalidRequest: it is no `latitude,longitude` in degrees.
    """
    if text is None:
        return None
    if not re.fullmatch(NEAR, text, re.ASCII):
        raise InvalidRequest("`near` must be latitude,longitude in degrees, such as 35.68,139.77.")
    latitude, longitude = (float(part) for part in text.split(","))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise InvalidRequest("`near` must be latitude,longitude in degrees, such as 35.68,139.77.")
    return Point(latitude, longitude)


def _trim(text: str | None) -> str | None:
    return (text or "").strip() or None
