"""What an address is and when two spellings of it mean the same place."""

import hashlib
import unicodedata
from enum import StrEnum

import msgspec


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
