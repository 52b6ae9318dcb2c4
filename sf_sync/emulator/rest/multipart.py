"""`multipart/form-data` as the platform takes it for files: one part of JSON, one of bytes."""

from collections.abc import Sequence
from typing import Any

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from sf_sync.emulator.refusals import SalesforceRefusal, json_trouble

ENTITY_PART = "entity_content"
BLOB_PART = "VersionData"
MOST_PARTS = 16


class Part(msgspec.Struct, kw_only=True):
    name: str = ""
    file_name: str | None = None
    media_type: str = ""
    content: bytearray = msgspec.field(default_factory=bytearray)


def takes_multipart(method: str, segments: Sequence[str]) -> bool:
    """Whether the resource (what follows the version in the path) has a field of bytes to fill."""
    is_version = len(segments) >= 2 and (segments[0], segments[1].lower()) == ("sobjects", "contentversion")
    return is_version and method in ("POST", "PATCH")


def parse_multipart(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields of the JSON part, with the bytes as they came. Raises SalesforceRefusal."""
    parts = _split(content_type, body)
    entities = [part for part in parts if part.file_name is None and part.name == ENTITY_PART]
    blobs = [part for part in parts if part.file_name is not None and part.name == BLOB_PART]
    if len(entities) != 1:
        raise _malformed("Multipart message must include a non-binary part")
    if len(entities) + len(blobs) != len(parts) or len(blobs) > 1:
        raise _malformed(f"Multipart message may have the parts {ENTITY_PART} and {BLOB_PART} only")
    fields = _parse_entity(entities[0])
    if not blobs:
        return fields
    if any(name.lower() == BLOB_PART.lower() for name in fields):
        raise _malformed(f"{BLOB_PART} is given twice")
    return {**fields, BLOB_PART: bytes(blobs[0].content)}


def _parse_entity(part: Part) -> dict[str, Any]:
    if part.media_type not in ("", "application/json"):
        raise _malformed(f"Content-Type of the part {ENTITY_PART} is not supported: {part.media_type}")
    try:
        return msgspec.json.decode(part.content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise json_trouble(f"Unexpected character in the JSON part: {error}") from None


def _split(content_type: str, body: bytes) -> list[Part]:
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise _malformed("Multipart message has no boundary")
    collector = _Collector()
    try:
        parser = MultipartParser(boundary, collector.callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise _malformed("Multipart message is malformed") from None
    if not collector.is_complete:
        raise _malformed("Multipart message is not complete")
    return collector.parts


class _Collector:
    """Gathers what the parser reports."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.is_complete = False
        self._name, self._value = bytearray(), bytearray()

    @property
    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, start, end: self.parts[-1].content.extend(
                memoryview(data)[start:end]
            ),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == MOST_PARTS:
            raise _malformed("Multipart message has too many parts")
        self.parts.append(Part())

    def _end_header(self) -> None:
        part, name = self.parts[-1], self._name.decode("latin-1").lower()
        value, options = parse_options_header(bytes(self._value))
        if name == "content-disposition":
            part.name = options.get(b"name", b"").decode(errors="replace")
            part.file_name = options[b"filename"].decode(errors="replace") if b"filename" in options else None
        elif name == "content-type":
            part.media_type = value.decode("latin-1").lower()
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        self.is_complete = True


def _malformed(message: str) -> SalesforceRefusal:
    return SalesforceRefusal("INVALID_MULTIPART_REQUEST", message)
