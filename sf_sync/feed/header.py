"""The change event's header, read by hand from Avro bytes: the feed needs it alone, and this is 5 to 20 times cheaper.

A change event is one Avro datum whose first field is ChangeEventHeader, so its bytes come first. We read as far as
`commitTimestamp` and stop. Only the layout that Salesforce documents is read this way (`has_known_layout`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

OPENING_FIELDS = (
    ("entityName", "string"),
    ("recordIds", "array"),
    ("changeType", "enum"),
    ("changeOrigin", "string"),
    ("transactionKey", "string"),
    ("sequenceNumber", "int"),
    ("commitTimestamp", "long"),
)
"""The first fields of ChangeEventHeader in writing order (Change Data Capture guide, "Change Event Header Fields")."""

LONGEST_VARINT = 10
"""Bytes that a 64-bit number may take in Avro."""


class EventHeader(Struct, frozen=True, gc=False):
    """Which records changed, how, and when the change was committed in Salesforce (epoch milliseconds)."""

    entity: str
    record_ids: tuple[str, ...]
    change_type: str
    committed_ms: int


class MalformedHeader(ValueError):
    """The bytes are no header of the schema they name."""


def has_known_layout(header: Mapping[str, Any]) -> bool:
    """Whether the Avro record `header` opens with the documented fields, so that `make_header_reader` may read it."""
    fields = header.get("fields", ())[: len(OPENING_FIELDS)]
    if [(field["name"], _kind(field["type"])) for field in fields] != list(OPENING_FIELDS):
        return False
    ids = fields[1]["type"]
    return isinstance(ids, dict) and _kind(ids["items"]) == "string"


def _kind(schema: Any) -> str:
    if isinstance(schema, Mapping):
        return _kind(schema["type"])
    return schema if isinstance(schema, str) else "union"


def make_header_reader(header: Mapping[str, Any]) -> Callable[[bytes], EventHeader]:
    """A reader for events whose header has the known layout; it raises MalformedHeader."""
    change_types: tuple[str, ...] = tuple(header["fields"][2]["type"]["symbols"])

    def read(payload: bytes) -> EventHeader:
        try:
            entity, at = _read_text(payload, 0)
            record_ids, at = _read_texts(payload, at)
            symbol, at = _read_long(payload, at)
            at = _skip_text(payload, at)
            at = _skip_text(payload, at)
            _, at = _read_long(payload, at)
            committed_ms, at = _read_long(payload, at)
            if symbol < 0:
                raise MalformedHeader("a negative change type")
            return EventHeader(entity, record_ids, change_types[symbol], committed_ms)
        except (IndexError, UnicodeDecodeError) as error:
            raise MalformedHeader(f"cut short or garbled: {error}") from error

    return read


def _read_long(data: bytes, at: int) -> tuple[int, int]:
    """Avro's zigzag variable-length number, and where the next datum starts."""
    byte = data[at]
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at + 1
    number, shift, end = byte & 0x7F, 7, at + LONGEST_VARINT
    while byte & 0x80:
        at += 1
        if at == end:
            raise MalformedHeader("a number of more than 64 bits")
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift += 7
    return (number >> 1) ^ -(number & 1), at + 1


def _skip_text(data: bytes, at: int) -> int:
    length, start = _read_long(data, at)
    end = start + length
    # A slice past the end is silently short in Python, so the bound is checked here.
    if length < 0 or end > len(data):
        raise MalformedHeader("a text longer than the event")
    return end


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    length, start = _read_long(data, at)
    end = start + length
    if length < 0 or end > len(data):
        raise MalformedHeader("a text longer than the event")
    return data[start:end].decode(), end


def _read_texts(data: bytes, at: int) -> tuple[tuple[str, ...], int]:
    """Blocks of (count, items), ended by a zero; a negative count is followed by the block's size in bytes."""
    texts: list[str] = []
    count, at = _read_long(data, at)
    while count:
        if count < 0:
            count = -count
            _, at = _read_long(data, at)
        for _ in range(count):
            text, at = _read_text(data, at)
            texts.append(text)
        count, at = _read_long(data, at)
    return tuple(texts), at
