"""From the wire to what the service takes: words cleaned, numbers in one spelling, what was not said left out."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from bff.addresses import NewAddressInput, make_address
from bff.customers.creation import NewAddress, NewCustomer
from bff.customers.rules import Changes, CustomerKind
from bff.customers.schemas import CustomerEdit, NewCustomerInput, UpgradeInput
from bff.phones import parse_phone

NOT_THE_PROFILES = ("type", "proof", "addresses")
# Bidirectional embeddings, overrides and isolates: they reach beyond the name and are seen in none.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def read_new(wire: NewCustomerInput, region: str) -> NewCustomer:
    """
    Raises:
        PhoneNotValid
    """
    kind = CustomerKind(str(type(wire).__struct_config__.tag))
    values = {name: clean(name, value) for name, value in msgspec.structs.asdict(wire).items()}
    values["context"] = values.pop("created_context")
    values["addresses"] = read_addresses(wire.addresses, region)
    if wire.phone is not None:
        values["phone"] = parse_phone(wire.phone, region)
    return NewCustomer(kind=kind, **values)


def read_addresses(wires: Sequence[NewAddressInput], region: str) -> tuple[NewAddress, ...]:
    return tuple(NewAddress(make_address(wire, region=region), wire.is_default) for wire in wires)


def read_given(wire: UpgradeInput | CustomerEdit, region: str) -> Changes:
    """What was said of the profile, null included.

    Raises:
        PhoneNotValid
    """
    said = {name: value for name, value in msgspec.structs.asdict(wire).items() if value is not UNSET}
    given = {name: clean(name, value) for name, value in said.items() if name not in NOT_THE_PROFILES}
    if phone := given.get("phone"):
        given["phone"] = parse_phone(phone, region)
    return given


def clean(name: str, value: Any) -> Any:
    """Words without what is around them and without signs that turn the rest of a line; None when nothing is left."""
    if type(value) is not str or name == "phone":
        return value
    text = value.translate(_TURNING).strip()
    if not any(character.isprintable() and not character.isspace() for character in text):
        return None
    return text.lower() if name == "email" else text
