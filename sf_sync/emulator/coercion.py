"""From a JSON value to the stored value of a field, with Salesforce's refusals for what does not fit."""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sf_sync.emulator.refusals import SalesforceRefusal, json_trouble
from sf_sync.emulator.schema.model import FieldSchema
from sf_sync.emulator.wire_time import format_instant, parse_instant
from sf_sync.ids import InvalidRecordId, parse_record_id

_EMAIL = re.compile(
    r"[^@\s,;<>()]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
)
_INT_MAX = 2**31 - 1


def coerce(field: FieldSchema, value: Any) -> Any:
    """The value as it is stored; None stays None. Raises SalesforceRefusal."""
    return None if value is None else _COERCIONS[field.type](field, value)


def _text(field: FieldSchema, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_kind("string", value)
    # The platform trims text and stores the empty text as null.
    text = value.strip()
    if len(text) > field.length:
        shown = text[:255]
        message = f"{field.label}: data value too large: {shown} (max length={field.length})"
        raise SalesforceRefusal("STRING_TOO_LONG", message, fields=[field.name])
    return text or None


def _email(field: FieldSchema, value: Any) -> str | None:
    text = _text(field, value)
    if text is not None and not _EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise SalesforceRefusal("INVALID_EMAIL_ADDRESS", message, fields=[field.name])
    return text


def _picklist(field: FieldSchema, value: Any) -> str | None:
    text = _text(field, value)
    if text is not None and field.restricted and text not in field.picklist:
        raise _bad_picklist(field, text)
    return text


def _multipicklist(field: FieldSchema, value: Any) -> str | None:
    text = _text(field, value)
    parts = text.split(";") if text else []
    unknown = [part for part in parts if field.restricted and part not in field.picklist]
    if unknown:
        raise _bad_picklist(field, unknown[0])
    return text


def _bad_picklist(field: FieldSchema, value: str) -> SalesforceRefusal:
    message = f"{field.label}: bad value for restricted picklist field: {value}"
    return SalesforceRefusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=[field.name])


def _boolean(field: FieldSchema, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise _wrong_kind("boolean", value)


def _int(field: FieldSchema, value: Any) -> int:
    number = _number(field, value, "int")
    if number != int(number):
        raise _wrong_kind("int", value)
    if abs(number) > _INT_MAX:
        raise _out_of_range(field, value)
    return int(number)


def _decimal(field: FieldSchema, value: Any) -> float | int:
    number = _number(field, value, "double")
    if abs(number) >= 10 ** (field.precision - field.scale):
        raise _out_of_range(field, value)
    rounded = round(number, field.scale)
    return float(rounded)


def _number(field: FieldSchema, value: Any, kind: str) -> float | int:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise _wrong_kind(kind, value) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong_kind(kind, value)
    return value


def _out_of_range(field: FieldSchema, value: Any) -> SalesforceRefusal:
    message = f"{field.label}: value outside of valid range on numeric field: {value}"
    return SalesforceRefusal("NUMBER_OUTSIDE_VALID_RANGE", message, fields=[field.name])


def _instant(field: FieldSchema, value: Any) -> str:
    if not isinstance(value, str) or "T" not in value:
        raise _wrong_kind("datetime", value)
    try:
        return format_instant(parse_instant(value))
    except ValueError:
        raise _wrong_kind("datetime", value) from None


def _date(field: FieldSchema, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_kind("date", value)
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise _wrong_kind("date", value) from None


def _reference(field: FieldSchema, value: Any) -> str | None:
    if value == "":
        return None
    if not isinstance(value, str):
        raise _wrong_kind("string", value)
    try:
        return parse_record_id(value)
    except InvalidRecordId:
        message = f"{field.label}: id value of incorrect type: {value[:255]}"
        raise SalesforceRefusal("MALFORMED_ID", message, fields=[field.name]) from None


def _blob(field: FieldSchema, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _wrong_kind("base64Binary", value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _wrong_kind("base64Binary", "…") from None


def _not_writable(field: FieldSchema, value: Any) -> Any:
    raise read_only_field(field.name)


def read_only_field(*names: str) -> SalesforceRefusal:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this "
        "field and verify that it is read/write for your profile or permission set."
    )
    return SalesforceRefusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=list(names))


def _wrong_kind(wanted: str, value: Any) -> SalesforceRefusal:
    shown = str(value)[:80]
    return json_trouble(
        f"Cannot deserialize instance of {wanted} from {_json_kind(value)} value {shown} or request may be "
        "missing a required field"
    )


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "VALUE_TRUE" if value else "VALUE_FALSE"
    kinds = {str: "VALUE_STRING", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", list: "START_ARRAY"}
    return kinds.get(type(value), "START_OBJECT")


_COERCIONS: Mapping[str, Callable[[FieldSchema, Any], Any]] = {
    "id": _reference,
    "string": _text,
    "textarea": _text,
    "phone": _text,
    "url": _text,
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "boolean": _boolean,
    "int": _int,
    "double": _decimal,
    "currency": _decimal,
    "percent": _decimal,
    "date": _date,
    "datetime": _instant,
    "reference": _reference,
    "base64": _blob,
    "address": _not_writable,
    "name": _not_writable,
}
