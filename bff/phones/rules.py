"""From what people type to E.164, what kind of line a number is, and how it is shown."""

import re
import unicodedata
from enum import StrEnum

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from bff.errors import PortalError
from bff.texts import N_

NUMBERING_PLANS: str = phonenumbers.__version__
"""Which edition of the world's numbering plans decides what a number is."""
LONGEST = 64
"""No spelling of a number needs more, and the parser's time grows with the text."""
SHOWN_DIGITS = 2
_DOTS = "•" * 6
_E164 = re.compile(r"\+([1-9][0-9]{5,14})", re.ASCII)
# Most of the world dials 00 abroad. Japan dials 010, but whoever writes down a foreign number writes what they know.
# Tried only when the region's own plan makes nothing of it.
_ABROAD = re.compile(r"^[\s(]*00")


class PhoneNotValid(PortalError):
    """Never repeats the number."""

    status = 422
    code = "phone_not_valid"
    detail = N_("This phone number is not valid.")


class LineType(StrEnum):
    """What answers under a number. `fixed_or_mobile`: the numbering plan of its country does not tell."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    VOIP = "voip"
    PERSONAL = "personal"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    COMPANY = "company"
    PAGER = "pager"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"


_LINE_TYPES = {
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.FIXED_LINE: LineType.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LineType.FIXED_OR_MOBILE,
    PhoneNumberType.VOIP: LineType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: LineType.PERSONAL,
    PhoneNumberType.TOLL_FREE: LineType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: LineType.PREMIUM,
    PhoneNumberType.SHARED_COST: LineType.SHARED_COST,
    PhoneNumberType.UAN: LineType.COMPANY,
    PhoneNumberType.PAGER: LineType.PAGER,
    PhoneNumberType.VOICEMAIL: LineType.VOICEMAIL,
}

PERSONAL_LINES = frozenset(
    {LineType.MOBILE, LineType.FIXED, LineType.FIXED_OR_MOBILE, LineType.VOIP, LineType.PERSONAL}
)
"""Lines on which a customer can be reached; the others belong to services and companies."""
TEXTABLE_LINES = frozenset({LineType.MOBILE, LineType.FIXED_OR_MOBILE})
"""Lines that can take a text message, and that cost no more than one."""


class Phone(msgspec.Struct, frozen=True):
    """One number. Its repr is masked, so that a trace or a failed assertion does not tell it."""

    e164: str
    line_type: LineType

    def __repr__(self) -> str:
        return f"Phone({mask_phone(self.e164)!r}, {self.line_type.value})"

    __str__ = __repr__

    @property
    def is_personal(self) -> bool:
        return self.line_type in PERSONAL_LINES

    @property
    def is_textable(self) -> bool:
        return self.line_type in TEXTABLE_LINES


def parse_phone(text: str, region: str) -> str:
    """The number in E.164; one without a country code is the region's (two letters).

    Raises:
        PhoneNotValid: no such number can exist, or it has an extension that E.164 cannot hold.
    """
    return read_phone(text, region).e164


def read_phone(text: str, region: str) -> Phone:
    """The same with its kind of line, for callers to whom not every line will do.

    Raises:
        PhoneNotValid: as `parse_phone`.
    """
    plain = clean_phone(text)
    number = _find_number(plain, region)
    if number is None and (called_abroad := _ABROAD.match(plain)):
        number = _find_number("+" + plain[called_abroad.end() :], region)
    if number is None:
        raise PhoneNotValid
    line_type = _LINE_TYPES.get(phonenumbers.number_type(number), LineType.UNKNOWN)
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), line_type)


def _find_number(plain: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) and not number.extension else None


def get_phone(e164: str) -> Phone:
    """What is known about a number of ours.

    Raises:
        PhoneNotValid: it is not in E.164, or a numbering plan no longer has it.
    """
    return read_phone(e164, "ZZ")


def clean_phone(text: str) -> str:
    """Full-width digits become plain ones, and the invisible marks that come with copied Arabic text go.

    Raises:
        PhoneNotValid: too long, or with control characters.
    """
    if len(text) > LONGEST:
        raise PhoneNotValid
    plain = unicodedata.normalize("NFKC", text)
    if any(unicodedata.category(character) == "Cc" for character in plain):
        raise PhoneNotValid
    return "".join(character for character in plain if unicodedata.category(character) != "Cf")


def mask_phone(e164: str) -> str:
    """Country code, six dots whatever the length, and the last two digits; without a country code dots alone.

    A number too short to keep at least four digits back is dots alone too.
    """
    digits = _E164.fullmatch(e164)
    country = _find_country_code(digits[1]) if digits else None
    if country is None or len(e164) - len("+") - len(country) < SHOWN_DIGITS + 4:
        return _DOTS
    return f"+{country}{_DOTS}{e164[-SHOWN_DIGITS:]}"


def _find_country_code(digits: str) -> str | None:
    """No code begins with another. The parser knows it too, ten times as slowly, and a page of results masks forty."""
    heads = (digits[:length] for length in (1, 2, 3))
    return next((head for head in heads if int(head) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), None)
