"""Addresses of a customer: wire shape, when two of them mean the same place, which one is the default.

May import `bff.db`, `bff.identity`, `bff.audit`, `bff.pictures`, `bff.adapters`, `bff.errors` and `bff.texts`; no
feature.
"""

from bff.addresses.changes import add_address
from bff.addresses.repository import (
    find_default_address,
    list_addresses,
    list_addresses_of,
    save_default_address,
)
from bff.addresses.rules import (
    Address,
    AddressOnFile,
    AddressType,
    digest_address,
    format_address,
    format_for_reviewer,
)
from bff.addresses.schemas import (
    TEXT,
    AddressInput,
    CustomerAddress,
    NewAddressInput,
    make_address,
    make_customer_address,
)

__all__ = [
    "TEXT",
    "Address",
    "AddressInput",
    "AddressOnFile",
    "AddressType",
    "CustomerAddress",
    "NewAddressInput",
    "add_address",
    "digest_address",
    "find_default_address",
    "format_address",
    "format_for_reviewer",
    "list_addresses",
    "list_addresses_of",
    "make_address",
    "make_customer_address",
    "save_default_address",
]
