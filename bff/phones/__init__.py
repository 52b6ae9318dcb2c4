"""Phone numbers: one spelling for each, E.164, whatever a person typed.

May import `bff.errors` and what lies below the features; no feature.
"""

from bff.phones.rules import PhoneNotValid, parse_phone

__all__ = ["PhoneNotValid", "parse_phone"]
