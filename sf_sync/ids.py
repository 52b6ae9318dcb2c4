"""Salesforce record ids: 15 case-sensitive characters, or the same 15 and a checksum that survives case
folding.
"""

import re
from functools import lru_cache

_FIFTEEN = re.compile(r"[A-Za-z0-9]{15}")
_EIGHTEEN = re.compile(r"[A-Za-z0-9]{15}[A-Z0-5]{3}")
_CHECKSUM_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class InvalidRecordId(ValueError):
    """The text is not a record id, or its checksum or key prefix is wrong. Carries no part of the text."""


def parse_record_id(text: str, *, prefix: str | None = None) -> str:
    """The 18-character form of a 15- or 18-character id. Raises InvalidRecordId.

    `prefix` is the object's key prefix (`001` Account, `500` Case). An 18-character id whose letters were
    folded to one case fails the checksum; it is refused, not repaired.
    """
    if prefix is not None and not text.startswith(prefix):
        raise InvalidRecordId("the record id has another key prefix")
    if _FIFTEEN.fullmatch(text):
        return text + format_checksum(text)
    if not _EIGHTEEN.fullmatch(text):
        raise InvalidRecordId("a record id has 15 or 18 letters and digits")
    if text[15:] != format_checksum(text[:15]):
        raise InvalidRecordId("the record id's checksum is wrong")
    return text


def is_record_id(text: str, *, prefix: str | None = None) -> bool:
    try:
        parse_record_id(text, prefix=prefix)
    except InvalidRecordId:
        return False
    return True


@lru_cache(maxsize=4096)
def format_checksum(fifteen: str) -> str:
    """The three letters that say which of the 15 characters are capitals: one letter for each group of
    five.
    """
    return "".join(_CHECKSUM_ALPHABET[_capitals(fifteen[at : at + 5])] for at in (0, 5, 10))


def _capitals(group: str) -> int:
    return sum(1 << bit for bit, character in enumerate(group) if "A" <= character <= "Z")
