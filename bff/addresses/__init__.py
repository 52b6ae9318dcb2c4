"""Addresses of a customer: wire shape, when two of them mean the same place, the default one on file.

May import `bff.db`, `bff.identity`, `bff.errors` and `bff.texts`; no feature.
"""

from bff.addresses.repository import find_default_address, save_default_address
from bff.addresses.rules import Address, AddressType, digest_address, format_address, format_for_reviewer
from bff.addresses.schemas import TEXT, AddressInput, make_address

__all__ = [
    "TEXT",
    "Address",
    "AddressInput",
    "AddressType",
    "digest_address",
    "find_default_address",
    "format_address",
    "format_for_reviewer",
    "make_address",
    "save_default_address",
]
