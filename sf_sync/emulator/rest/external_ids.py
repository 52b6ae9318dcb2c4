"""`/sobjects/X/<field>/<value>`: read, delete and above all upsert by external id."""

from typing import Any

from sf_sync.emulator.coercion import coerce
from sf_sync.emulator.refusals import SalesforceRefusal, no_such_row
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.rest.rows import answer_created, answer_row, change_row, insert_row, remove_row, require
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema
from sf_sync.emulator.store import Org
from sf_sync.emulator.table import fold


def read_by_key(context: Context, request: ApiRequest) -> ApiAnswer:
    schema, field, value = _parse_key(context.org, request)
    found = find_ids(context.org, schema, field, value)
    if len(found) > 1:
        return _answer_choices(request, schema, found)
    return answer_row(context, request, schema, _require_one(found))


def delete_by_key(context: Context, request: ApiRequest) -> ApiAnswer:
    schema, field, value = _parse_key(context.org, request)
    require(schema.deletable, schema, "delete")
    found = find_ids(context.org, schema, field, value)
    if len(found) > 1:
        return _answer_choices(request, schema, found)
    remove_row(context, request, schema, _require_one(found))
    return ApiAnswer(status=204)


def upsert_by_key(context: Context, request: ApiRequest) -> ApiAnswer:
    """Update the record with this key, or create it. 201 or 200 with `created`; 300 when several have the key."""
    schema, field, value = _parse_key(context.org, request)
    require(schema.createable and schema.updateable, schema, "upsert")
    values = request.read_object()
    _refuse_key_in_body(field, values)
    found = [] if is_absent(request, schema, field, value) else find_ids(context.org, schema, field, value)
    if len(found) > 1:
        return _answer_choices(request, schema, found)
    if found:
        change_row(context, request, schema, found[0], values)
        return ApiAnswer(body={"id": found[0], "success": True, "errors": [], "created": False})
    if field.type == "id" or request.params.get("updateOnly", "").lower() == "true":
        raise no_such_row()
    record_id = insert_row(context, request, schema, {**values, field.name: value})
    return answer_created(request, schema, record_id, created=True)


def find_key_field(schema: EntitySchema, name: str) -> FieldSchema:
    """The external id field (or Id) with this name. Raises SalesforceRefusal NOT_FOUND."""
    field = schema.find_field(name)
    if field is None or not (field.external_id or field.type == "id"):
        raise no_such_row(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def find_ids(org: Org, schema: EntitySchema, field: FieldSchema, value: Any) -> list[str]:
    return [row["Id"] for row in org.find_by(schema.name, field.name, value)]


def is_absent(request: ApiRequest, schema: EntitySchema, field: FieldSchema, value: Any) -> bool:
    """Whether the key was not there when the call looked, however long ago that is by now."""
    return (schema.name, field.name, str(fold(value))) in request.absent_keys


def _parse_key(org: Org, request: ApiRequest) -> tuple[EntitySchema, FieldSchema, Any]:
    schema = org.get_schema(request.segments[1])
    field = find_key_field(schema, request.segments[2])
    return schema, field, coerce(field, request.segments[3])


def _refuse_key_in_body(field: FieldSchema, values: dict[str, Any]) -> None:
    if any(name.lower() == field.name.lower() for name in values):
        message = f"The {field.name} field should not be specified in the sobject data."
        raise SalesforceRefusal("INVALID_FIELD", message)


def _require_one(found: list[str]) -> str:
    if not found:
        raise no_such_row()
    return found[0]


def _answer_choices(request: ApiRequest, schema: EntitySchema, found: list[str]) -> ApiAnswer:
    return ApiAnswer(
        status=300, body=[f"{request.data_path}/sobjects/{schema.name}/{each}" for each in found]
    )
