"""The Avro schema of one object's change events, generated from its fields and named by a hash."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import fastavro
import msgspec

from sf_sync.emulator.avro.bitmaps import format_bitmaps
from sf_sync.emulator.avro.header import CHANGE_EVENT_HEADER
from sf_sync.emulator.avro.types import AvroType, Convert, get_codec
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema

NAMESPACE = "com.sforce.eventbus"
_LEFT_OUT = frozenset({"id", "base64"})


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stored field stands in the record. `part` and `part_index` are set within a compound field."""

    index: int
    field: str
    part: str | None = None
    part_index: int = 0
    convert: Convert


class EventSchema(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version. `places` finds the fields of a stored row; others are not in events."""

    entity: str
    name: str
    text: str
    schema_id: str
    parsed: Any
    places: Mapping[str, Place]
    long_texts: frozenset[str]

    def mark(self, fields: Iterable[str]) -> list[str]:
        """The header's bitmaps for these stored fields; those without a place are passed over."""
        top: set[int] = set()
        nested: dict[int, set[int]] = {}
        for place in filter(None, map(self.places.get, fields)):
            if place.part is None:
                top.add(place.index)
            else:
                nested.setdefault(place.index, set()).add(place.part_index)
        return format_bitmaps(top, nested)

    def fill(self, row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        """The body with the values that these stored fields have in the row."""
        body: dict[str, Any] = {}
        for name in fields:
            place, value = self.places.get(name), row.get(name)
            if place is None or value is None:
                continue
            if place.part is None:
                body[place.field] = place.convert(value)
            else:
                body.setdefault(place.field, {})[place.part] = place.convert(value)
        return body


def get_event_name(entity: str) -> str:
    """`AccountChangeEvent`, and `Visit__ChangeEvent` for the custom object `Visit__c`."""
    return f"{entity[:-3]}__ChangeEvent" if entity.endswith("__c") else f"{entity}ChangeEvent"


def make_event_schema(entity: EntitySchema) -> EventSchema:
    """The same fields give the same text and so the same id, after a restart too."""
    fields = [field for field in entity.fields if _has_place(field)]
    known: set[str] = set()
    avro = [_describe_header(), *(_describe_field(entity, field, known) for field in fields)]
    name = get_event_name(entity.name)
    record = {"type": "record", "name": name, "namespace": NAMESPACE, "fields": avro}
    text = json.dumps(record, separators=(",", ":"))
    return EventSchema(
        entity=entity.name,
        name=name,
        text=text,
        schema_id=make_schema_id(text),
        parsed=fastavro.parse_schema(record),
        places=dict(_list_places(entity, fields)),
        long_texts=frozenset(field.name for field in fields if field.long_text),
    )


def make_schema_id(text: str) -> str:
    """22 characters of the base64 alphabet that is safe in addresses: 16 bytes of the text's SHA-256."""
    digest = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _has_place(field: FieldSchema) -> bool:
    return field.in_events and field.compound is None and field.type not in _LEFT_OUT


def _describe_header() -> dict[str, Any]:
    return {"name": "ChangeEventHeader", "type": CHANGE_EVENT_HEADER, "doc": "Data:ComplexValueType"}


def _describe_field(entity: EntitySchema, field: FieldSchema, known: set[str]) -> dict[str, Any]:
    branches, doc = _describe_type(entity, field, known)
    return {"name": field.name, "type": ["null", *branches], "doc": doc, "default": None}


def _describe_type(entity: EntitySchema, field: FieldSchema, known: set[str]) -> tuple[list[AvroType], str]:
    parts = entity.parts_of(field.name)
    if field.type == "address":
        return [_name_once(_describe_record("Address", field, parts), known)], "Data:Address"
    if parts:
        return [_name_once(_describe_record("PersonName", field, parts), known)], "Data:PersonName"
    codec = get_codec(field)
    if entity.name == "Account" and field.name == "Name":
        # An account's name is one text or, where persons are accounts, the parts of theirs: three branches.
        return [codec.avro, _name_once(_SWITCHABLE_NAME, known)], "Data:Switchable_PersonName"
    return [codec.avro], codec.doc


def _name_once(record: dict[str, Any], known: set[str]) -> AvroType:
    """Avro defines a named type at its first use; later uses are its name alone."""
    name: str = record["name"]
    if name in known:
        return name
    known.add(name)
    return record


def _describe_record(name: str, whole: FieldSchema, parts: Iterable[FieldSchema]) -> dict[str, Any]:
    fields = [_nullable(_part_name(whole, part), get_codec(part).avro, get_codec(part).doc) for part in parts]
    return {"type": "record", "name": name, "fields": fields}


def _nullable(name: str, avro: str, doc: str) -> dict[str, Any]:
    return {"name": name, "type": ["null", avro], "doc": doc, "default": None}


_SWITCHABLE_NAME: dict[str, Any] = {
    "type": "record",
    "name": "Switchable_PersonName",
    "fields": [
        _nullable("Salutation", "string", "Data:DynamicEnum"),
        _nullable("FirstName", "string", "Data:Text"),
        _nullable("LastName", "string", "Data:Text"),
    ],
}


def _part_name(whole: FieldSchema, part: FieldSchema) -> str:
    """`Street` for BillingStreet of BillingAddress; the parts of a name have no prefix."""
    return (
        part.name.removeprefix(whole.name.removesuffix("Address")) if whole.type == "address" else part.name
    )


def _list_places(entity: EntitySchema, fields: Iterable[FieldSchema]) -> Iterator[tuple[str, Place]]:
    for index, field in enumerate(fields, start=1):
        parts = entity.parts_of(field.name)
        for part_index, part in enumerate(parts):
            part_name, convert = _part_name(field, part), get_codec(part).convert
            yield (
                part.name,
                Place(index=index, field=field.name, part=part_name, part_index=part_index, convert=convert),
            )
        if not parts:
            yield field.name, Place(index=index, field=field.name, convert=get_codec(field).convert)
