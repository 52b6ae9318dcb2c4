"""From what people type to E.164."""

import unicodedata

import phonenumbers

from bff.errors import PortalError
from bff.texts import N_

LONGEST = 64
"""No spelling of a number needs more, and the parser's time grows with the text."""


class PhoneNotValid(PortalError):
    """Never repeats the number."""

    status = 422
    code = "phone_not_valid"
    detail = N_("This phone number is not valid.")


def parse_phone(text: str, region: str) -> str:
    """The number in E.164; one without a country code is the region's (two letters).

    Raises:
        PhoneNotValid: no such number can exist, or it has an extension that E.164 cannot hold.
    """
    try:
        number = phonenumbers.parse(_clean(text), region)
    except phonenumbers.NumberParseException as error:
        raise PhoneNotValid from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise PhoneNotValid
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _clean(text: str) -> str:
    """Full-width digits become plain ones, and the invisible marks that come with copied Arabic text go."""
    if len(text) > LONGEST:
        raise PhoneNotValid
    plain = unicodedata.normalize("NFKC", text)
    if any(unicodedata.category(character) == "Cc" for character in plain):
        raise PhoneNotValid
    return "".join(character for character in plain if unicodedata.category(character) != "Cf")
