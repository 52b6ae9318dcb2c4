"""Phone numbers: one spelling for each, E.164, whatever a person typed; and whose numbers they are.

May import `bff.db`, `bff.identity`, `bff.audit`, `bff.tenancy`, `bff.errors`, `bff.texts`, `bff.adapters` and what
lies below the features; no feature. Other slices call `link_phone` when they see a customer use a number.
"""

from bff.phones.links import LinkOutcome, LinkSource, PhoneLink
from bff.phones.operators import SHARED_ABOVE
from bff.phones.refusals import PhoneIsOperators, PhoneNotPersonal, refuse_excluded
from bff.phones.repository import link_phone
from bff.phones.rules import (
    NUMBERING_PLANS,
    LineType,
    Phone,
    PhoneNotValid,
    clean_phone,
    get_phone,
    mask_phone,
    parse_phone,
    read_phone,
)

__all__ = [
    "NUMBERING_PLANS",
    "SHARED_ABOVE",
    "LineType",
    "LinkOutcome",
    "LinkSource",
    "Phone",
    "PhoneIsOperators",
    "PhoneLink",
    "PhoneNotPersonal",
    "PhoneNotValid",
    "clean_phone",
    "get_phone",
    "link_phone",
    "mask_phone",
    "parse_phone",
    "read_phone",
    "refuse_excluded",
]
