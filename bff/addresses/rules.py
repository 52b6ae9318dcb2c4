"""What an address is, when two spellings mean the same place, which is the default, how far it is from a point."""

import hashlib
import math
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

EARTH_RADIUS_M = 6_371_008.8
"""The mean radius of the Earth (IUGG)."""


class AddressType(StrEnum):
    HOME = "home"
    WORK = "work"
    OTHER = "other"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A place that can be served; `country` is two letters, coordinates are degrees (WGS 84)."""

    type: AddressType = AddressType.HOME
    building: str | None = None
    floor: str | None = None
    apartment: str | None = None
    street: str
    area: str | None = None
    city: str
    postal_code: str | None = None
    country: str
    latitude: float | None = None
    longitude: float | None = None
    delivery_notes: str | None = None


class Point(msgspec.Struct, frozen=True):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


class AddressOnFile(msgspec.Struct, frozen=True, kw_only=True):
    """One of a customer's addresses as it is kept."""

    id: UUID
    address: Address
    is_default: bool
    created_at: datetime


# What tells one place from another. Coordinates are left out: they differ with every tap on a map.
_PLACE = ("country", "city", "area", "street", "building", "floor", "apartment")
_ARABIC_MARKS = {*range(0x064B, 0x0660), 0x0670, 0x0640}


def digest_address(address: Address) -> bytes:
    """One SHA-256 for every spelling of a place: width, case, digits, marks and punctuation aside."""
    parts = [_normalise(getattr(address, name) or "") for name in _PLACE]
    # "150-0001" and "1500001" are one postal code, while "1-23" and "12-3" are two house numbers.
    parts.append(_normalise(address.postal_code or "").replace(" ", ""))
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def _normalise(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(_fold_character(character) for character in folded if ord(character) not in _ARABIC_MARKS)
    # One space for any run of signs: "1-2-3" is "1 2 3" but never "12 3".
    return " ".join(kept.split())


def _fold_character(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    is_part_of_word = character.isalnum() or unicodedata.category(character).startswith("M")
    return character if is_part_of_word else " "


def format_address(address: Address) -> str:
    """Several lines, most particular first."""
    inside = ", ".join(filter(None, (address.apartment, address.floor, address.building)))
    town = " ".join(filter(None, (address.city, address.postal_code)))
    return "\n".join(filter(None, (inside, address.street, address.area, town, address.country)))


def format_for_reviewer(address: Address) -> str:
    """The address as the Case keeps it: with what helps to find the door."""
    is_located = address.latitude is not None and address.longitude is not None
    spot = f"{address.latitude}, {address.longitude}" if is_located else None
    return "\n".join(filter(None, (format_address(address), spot, address.delivery_notes)))


_PREFERENCE = (AddressType.HOME, AddressType.WORK, AddressType.OTHER)


def choose_default(remaining: Iterable[AddressOnFile]) -> AddressOnFile | None:
    """Which becomes the default when the default goes: home before work before other, then the one made last."""
    return min(
        remaining,
        key=lambda kept: (_PREFERENCE.index(kept.address.type), -kept.created_at.timestamp(), kept.id),
        default=None,
    )


def find_point(address: Address) -> Point | None:
    if address.latitude is None or address.longitude is None:
        return None
    return Point(address.latitude, address.longitude)


def get_distance_m(one: Point, other: Point) -> int:
    """Along a great circle of a sphere (haversine): up to 0.6 % off the distance on the ellipsoid."""
    latitude, other_latitude = math.radians(one.latitude), math.radians(other.latitude)
    half_height = (other_latitude - latitude) / 2
    half_width = math.radians(other.longitude - one.longitude) / 2
    chord = (
        math.sin(half_height) ** 2 + math.cos(latitude) * math.cos(other_latitude) * math.sin(half_width) ** 2
    )
    # Rounding may leave the chord of two antipodes a little above 1, where there is no arc.
    return round(2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord))))
