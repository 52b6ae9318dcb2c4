"""From a schema of the event bus to a reader of its events' headers."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import fastavro
import msgspec

from sf_sync.feed.header import EventHeader, MalformedHeader, has_known_layout, make_header_reader

HeaderReader = Callable[[bytes], EventHeader]
"""Reads the header of one event's payload; raises MalformedHeader."""


class SchemaUnusable(ValueError):
    """The schema describes no change event that we could read a header from."""


def compile_reader(schema_json: str | bytes) -> HeaderReader:
    """Raises SchemaUnusable when the schema does not open with a ChangeEventHeader."""
    schema = _parse_schema(schema_json)
    header = schema["fields"][0]["type"]
    try:
        if has_known_layout(header):
            return make_header_reader(header)
        return _make_projected_reader(schema)
    except (KeyError, TypeError, AttributeError, ValueError, fastavro.schema.SchemaParseException) as error:
        raise SchemaUnusable(f"the header's schema cannot be read: {error}") from error


def _parse_schema(schema_json: str | bytes) -> dict[str, Any]:
    try:
        schema = msgspec.json.decode(schema_json)
        opening = schema["fields"][0]
        names = {field["name"] for field in opening["type"]["fields"]}
    except (msgspec.DecodeError, KeyError, IndexError, TypeError) as error:
        raise SchemaUnusable("no record that opens with a header record") from error
    if not {"entityName", "recordIds", "changeType", "commitTimestamp"} <= names:
        raise SchemaUnusable("the first field is no ChangeEventHeader")
    return dict(schema)


def _make_projected_reader(schema: Mapping[str, Any]) -> HeaderReader:
    """For a header in another layout: fastavro with a writer schema cut off behind the header, so it stops there."""
    opening = schema["fields"][0]
    projected = fastavro.parse_schema({**schema, "fields": [opening]})

    def read(payload: bytes) -> EventHeader:
        try:
            event: Any = fastavro.schemaless_reader(io.BytesIO(payload), projected)
            return msgspec.convert(_pick(event[opening["name"]]), EventHeader)
        # fastavro lets slip whatever its parser stumbles over (IndexError, EOFError, KeyError, struct.error …).
        except Exception as error:
            raise MalformedHeader(f"not readable by its schema: {type(error).__name__}") from error

    return read


def _pick(header: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "entity": header["entityName"],
        "record_ids": header["recordIds"],
        "change_type": header["changeType"],
        "committed_ms": header["commitTimestamp"],
    }
