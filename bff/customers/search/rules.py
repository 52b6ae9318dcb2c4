"""What a search asks for, where the next page starts, and what of a person is shown unrevealed."""

import base64
import binascii
import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from bff.customers.rules import CreatedContext, CustomerKind, CustomerStatus
from bff.customers.search.refusals import SearchNotClear, SearchTooShort
from bff.errors import InvalidRequest
from bff.keyset import Place, format_cursor, parse_cursor
from bff.phones import LinkSource, PhoneNotValid, clean_phone, parse_phone

SHORTEST_ENDING, LONGEST_ENDING = 4, 8
HIGHEST_NUMBER = 2**31 - 1

_ENDING = re.compile(r"[0-9 ().\-/]+", re.ASCII)
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_RANK = re.compile(r"([01])\.(.+)", re.ASCII)
_PHONE_LIKE = re.compile(r"\+?\d(?:\W{0,2}\d){6,}")
_EMAIL_LIKE = re.compile(r"\S+@\S+")


class MatchedBy(StrEnum):
    """Why a customer was found."""

    PHONE = "phone"
    LAST_DIGITS = "last_digits"
    NAME = "name"
    EMAIL = "email"
    NUMBER = "number"


class Hint(StrEnum):
    """What to look at more closely: a number of more customers than the org thinks usual."""

    SHARED_NUMBER = "shared_number"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came in; exactly one is given."""

    phone: str | None = None
    name: str | None = None
    email: str | None = None
    number: str | None = None

    def __repr__(self) -> str:
        return (
            f"Asked({', '.join(name for name in self.__struct_fields__ if getattr(self, name) is not None)})"
        )


class ByPhone(msgspec.Struct, frozen=True):
    e164: str


class ByEnding(msgspec.Struct, frozen=True):
    """`e164`: what the digits are as a whole number of the org's region, where they are one."""

    digits: str
    e164: str | None


class ByName(msgspec.Struct, frozen=True):
    text: str


class ByEmail(msgspec.Struct, frozen=True):
    email: str


class ByNumber(msgspec.Struct, frozen=True):
    text: str


Query = ByPhone | ByEnding | ByName | ByEmail | ByNumber


class Rank(msgspec.Struct, frozen=True):
    """The place of one result among those that are ordered proven first, then the latest seen."""

    is_verified: bool
    at: datetime
    id: UUID


class NamePlace(msgspec.Struct, frozen=True):
    """The place of one result in the order of the alphabet; `word` is the part of the name that matched."""

    word: str
    id: UUID


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Why one customer was found. All but `by` is about the link to a number."""

    by: MatchedBy
    link_id: UUID | None = None
    phone: str | None = None
    source: LinkSource | None = None
    is_verified: bool | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    times: int | None = None
    hints: tuple[Hint, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One customer with at least one match."""

    id: UUID
    shown_number: str
    kind: CustomerKind
    status: CustomerStatus
    created_context: CreatedContext
    first_name: str | None
    last_name: str | None
    name2: str | None
    phone: str | None
    email: str | None
    is_phone_verified: bool
    is_email_verified: bool
    created_at: datetime
    matches: tuple[Match, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Found, ...]
    next_cursor: str | None


def plan_query(asked: Asked, region: str) -> Query:
    """
    Raises:
        SearchNotClear, SearchTooShort, PhoneNotValid: there is nothing to look for.
    """
    match asked:
        case Asked(phone=str(phone), name=None, email=None, number=None):
            return _plan_phone(phone, region)
        case Asked(phone=None, name=str(name), email=None, number=None):
            return _plan_name(name)
        case Asked(phone=None, name=None, email=str(email), number=None):
            return ByEmail(unicodedata.normalize("NFKC", email).strip().lower())
        case Asked(phone=None, name=None, email=None, number=str(number)):
            return ByNumber(number)
    raise SearchNotClear


def _plan_phone(text: str, region: str) -> Query:
    """Up to eight digits are looked for at the end of numbers, which finds whole short numbers too."""
    digits = _find_ending(text)
    if digits is None:
        return ByPhone(parse_phone(text, region))
    try:
        e164 = parse_phone(text, region)
    except PhoneNotValid:
        e164 = None
    if e164 is not None and not e164.endswith(digits):
        return ByPhone(e164)
    if len(digits) < SHORTEST_ENDING:
        raise SearchTooShort
    return ByEnding(digits, e164)


def _find_ending(text: str) -> str | None:
    plain = clean_phone(text)
    written = "".join(str(unicodedata.decimal(sign, sign)) for sign in plain)
    digits = re.sub(r"\D", "", written, flags=re.ASCII)
    is_ending = _ENDING.fullmatch(written) and 0 < len(digits) <= LONGEST_ENDING
    return digits if is_ending else None


def _plan_name(text: str) -> Query:
    plain = unicodedata.normalize("NFKC", text).strip()
    if any(unicodedata.category(character) == "Cc" for character in plain):
        raise InvalidRequest
    if len(plain) < 2 and not _IDEOGRAPH.search(plain):
        raise SearchTooShort
    return ByName(plain)


def parse_number(text: str, number_format: str) -> int | None:
    """The number in `CUST-00042`, `cust-42` or `42`; None for what cannot be one of the org's."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    before, _, rest = number_format.casefold().partition("{")
    after = rest.partition("}")[2]
    digits = plain.removeprefix(before).removesuffix(after)
    if not re.fullmatch(r"[0-9]{1,10}", digits, re.ASCII):
        return None
    number = int(digits)
    return number if 0 < number <= HIGHEST_NUMBER else None


def format_rank(rank: Rank) -> str:
    return f"{rank.is_verified:d}.{format_cursor(Place(rank.at, rank.id))}"


def parse_rank(text: str | None) -> Rank | None:
    """
    Raises:
        InvalidRequest: the text is no cursor of ours.
    """
    if text is None:
        return None
    parts = _RANK.fullmatch(text)
    place = parse_cursor(parts[2] if parts else "")
    return Rank(parts[1] == "1", place.at, place.id) if parts and place else None


def format_name_place(place: NamePlace) -> str:
    word = base64.urlsafe_b64encode(place.word.encode()).decode().rstrip("=")
    return f"{word}.{place.id.hex}"


def parse_name_place(text: str | None) -> NamePlace | None:
    """
    Raises:
        InvalidRequest: the text is no cursor of ours.
    """
    if text is None:
        return None
    word, _, identity = text.partition(".")
    try:
        decoded = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True).decode()
        place = NamePlace(decoded, UUID(hex=identity))
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("`cursor` is not one that this list gave.") from error
    if "\0" in decoded:
        raise InvalidRequest("`cursor` is not one that this list gave.")
    return place


def clean_purpose(text: str) -> str:
    """As it is kept: without phone numbers and e-mail addresses, which have no place in an audit line."""
    return _EMAIL_LIKE.sub("•••", _PHONE_LIKE.sub("•••", unicodedata.normalize("NFKC", text).strip()))
