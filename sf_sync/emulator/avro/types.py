"""How a field of an object is written in Avro: its type, its doc text, the conversion of its value."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import msgspec

from sf_sync.emulator.schema.model import FieldSchema
from sf_sync.emulator.wire_time import parse_instant

AvroType: TypeAlias = str | list[Any] | dict[str, Any]
Convert: TypeAlias = Callable[[Any], Any]

CREATION_DOCS = {"CreatedDate": "CreatedDate:DateTime", "CreatedById": "CreatedBy:EntityId"}
"""The two audit fields whose doc text names the field instead of the category Data."""


class FieldCodec(msgspec.Struct, frozen=True, kw_only=True):
    """The non-null branch of a field's union, the doc text, and the way from stored value to datum."""

    avro: str
    doc: str
    convert: Convert


def to_epoch_ms(value: str) -> int:
    """Wire text of an instant to milliseconds since 1970 in UTC."""
    return round(parse_instant(value).timestamp() * 1000)


def to_midnight_ms(value: str) -> int:
    """A date to the milliseconds of its first moment in UTC."""
    day = date.fromisoformat(value)
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


_TEXT = FieldCodec(avro="string", doc="Data:Text", convert=str)
_LONG_TEXT = FieldCodec(avro="string", doc="Data:StringPlusClob", convert=str)
_NUMBER = FieldCodec(avro="double", doc="Data:Double", convert=float)

_CODECS = {
    "string": _TEXT,
    "textarea": _TEXT,
    "name": _TEXT,
    "picklist": FieldCodec(avro="string", doc="Data:DynamicEnum", convert=str),
    "multipicklist": FieldCodec(avro="string", doc="Data:MultiEnum", convert=str),
    "boolean": FieldCodec(avro="boolean", doc="Data:Boolean", convert=bool),
    "int": FieldCodec(avro="int", doc="Data:Integer", convert=int),
    "double": _NUMBER,
    "currency": FieldCodec(avro="double", doc="Data:Currency", convert=float),
    "percent": FieldCodec(avro="double", doc="Data:Percent", convert=float),
    "date": FieldCodec(avro="long", doc="Data:DateOnly", convert=to_midnight_ms),
    "datetime": FieldCodec(avro="long", doc="Data:DateTime", convert=to_epoch_ms),
    "reference": FieldCodec(avro="string", doc="ForeignKey:EntityId", convert=str),
    "phone": FieldCodec(avro="string", doc="Data:Phone", convert=str),
    "email": FieldCodec(avro="string", doc="Data:Email", convert=str),
    "url": FieldCodec(avro="string", doc="Data:Url", convert=str),
}


def get_codec(field: FieldSchema) -> FieldCodec:
    """Raises KeyError for a type that change events do not carry (`id`, `base64`, the compound types)."""
    codec = _LONG_TEXT if field.long_text else _CODECS[field.type]
    doc = CREATION_DOCS.get(field.name, codec.doc)
    if field.custom:
        doc = f"{doc}:{field.field_id}"
    return FieldCodec(avro=codec.avro, doc=doc, convert=codec.convert)
