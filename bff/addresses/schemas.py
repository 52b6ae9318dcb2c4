"""The wire shape of an address and how it becomes the product's own."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bff.addresses.rules import Address, AddressType

# One line that says something: no control characters (PostgreSQL refuses NUL), at least one visible sign.
_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
# Several lines.
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Line20 = Annotated[str, Meta(min_length=1, max_length=20, pattern=_LINE)]
Line100 = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
Line200 = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Text500 = Annotated[str, Meta(max_length=500, pattern=TEXT)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", min_length=2, max_length=2)]


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
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    delivery_notes: Text500 | None = None


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


def _trim(text: str | None) -> str | None:
    return (text or "").strip() or None
