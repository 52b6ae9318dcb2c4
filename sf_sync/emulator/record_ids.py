"""New record ids: key prefix, a fixed instance part, a base-62 counter, and the checksum."""

from collections.abc import Mapping

from sf_sync.emulator.schema.model import EntitySchema
from sf_sync.ids import format_checksum

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_INSTANCE = "Dp0"
_COUNTER_WIDTH = 9


class RecordIds:
    """Counts per object and never gives an id twice, not even one of a rolled back insert."""

    def __init__(self, schemas: Mapping[str, EntitySchema]) -> None:
        self._prefixes = {name: schema.key_prefix for name, schema in schemas.items()}
        self._last: dict[str, int] = dict.fromkeys(schemas, 0)

    def next_id(self, entity: str) -> str:
        self._last[entity] += 1
        return make_record_id(self._prefixes[entity], self._last[entity])

    def note(self, entity: str, record_id: str) -> None:
        """Remember that an id is in use."""
        self._last[entity] = max(self._last[entity], _count_of(record_id))


def make_record_id(prefix: str, number: int) -> str:
    """The 18-character id with this key prefix and counter."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    fifteen = f"{prefix}{_INSTANCE}{digits.rjust(_COUNTER_WIDTH, '0')}"
    return fifteen + format_checksum(fifteen)


def _count_of(record_id: str) -> int:
    number = 0
    for digit in record_id[15 - _COUNTER_WIDTH : 15]:
        number = number * 62 + _VALUES[digit]
    return number
