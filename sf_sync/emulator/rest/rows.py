"""`/sobjects/X` and `/sobjects/X/<id>`: create, read, update, delete one record."""

from typing import Any

from sf_sync.emulator.refusals import SalesforceRefusal, no_such_row
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.rest.preconditions import check_read, check_write, make_validators
from sf_sync.emulator.rest.statements import statement, transaction_of
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema
from sf_sync.emulator.soql.projection import Projector, Shape
from sf_sync.emulator.store import Org
from sf_sync.ids import InvalidRecordId, parse_record_id


def create_row(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    require(schema.createable, schema, "create")
    record_id = insert_row(context, request, schema, request.read_object())
    return answer_created(request, schema, record_id)


def read_row(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    record_id = parse_id(schema, request.segments[2])
    return answer_row(context, request, schema, record_id)


def update_row(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    require(schema.updateable, schema, "update")
    record_id = parse_id(schema, request.segments[2])
    change_row(context, request, schema, record_id, request.read_object())
    return ApiAnswer(status=204)


def delete_row(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    require(schema.deletable, schema, "delete")
    remove_row(context, request, schema, parse_id(schema, request.segments[2]))
    return ApiAnswer(status=204)


def answer_row(context: Context, request: ApiRequest, schema: EntitySchema, record_id: str) -> ApiAnswer:
    row = context.org.get(schema.name, record_id)
    validators = make_validators(schema, row)
    if not check_read(request.headers, validators):
        return ApiAnswer(status=304, headers=dict(validators))
    project = get_projector(context.org, schema, request.params.get("fields"), request.data_path)
    return ApiAnswer(body=project(row), headers=dict(validators))


def answer_created(request: ApiRequest, schema: EntitySchema, record_id: str, **more: Any) -> ApiAnswer:
    location = f"{request.data_path}/sobjects/{schema.name}/{record_id}"
    body = {"id": record_id, "success": True, "errors": [], **more}
    return ApiAnswer(status=201, body=body, headers={"Location": location})


def insert_row(context: Context, request: ApiRequest, schema: EntitySchema, values: dict[str, Any]) -> str:
    with transaction_of(context, request) as transaction, statement(transaction, request):
        return transaction.insert(schema.name, values)


def change_row(
    context: Context, request: ApiRequest, schema: EntitySchema, record_id: str, values: dict[str, Any]
) -> None:
    check_write(request.headers, make_validators(schema, context.org.get(schema.name, record_id)))
    with transaction_of(context, request) as transaction, statement(transaction, request, record_id):
        transaction.update(schema.name, record_id, values)


def remove_row(context: Context, request: ApiRequest, schema: EntitySchema, record_id: str) -> None:
    with transaction_of(context, request) as transaction, statement(transaction, request, record_id):
        transaction.delete(schema.name, record_id)


def parse_id(schema: EntitySchema, text: str) -> str:
    """The record id in a path. Raises SalesforceRefusal when it cannot be one of this object."""
    if len(text) not in (15, 18) or not text.isascii() or not text.isalnum():
        raise no_such_row(f"Provided external ID field does not exist or is not accessible: {text}")
    try:
        record_id = parse_record_id(text)
    except InvalidRecordId:
        raise SalesforceRefusal("MALFORMED_ID", f"malformed id {text}") from None
    if not record_id.startswith(schema.key_prefix):
        raise no_such_row()
    return record_id


def require(allowed: bool, schema: EntitySchema, verb: str) -> None:
    """Refuse a write to an object that the API may only read."""
    if not allowed:
        message = f"entity type {schema.name} does not support {verb}"
        raise SalesforceRefusal("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, fields=[])


def get_projector(org: Org, schema: EntitySchema, fields: str | None, data_path: str) -> Projector:
    """How rows are written with the chosen fields (comma separated), or with all. Raises SalesforceRefusal."""
    shape = Shape(schema, org, data_path)
    for field in schema.fields if fields is None else _find_fields(schema, fields):
        shape.add(field)
    return shape.project


def _find_fields(schema: EntitySchema, names: str) -> list[FieldSchema]:
    found = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        field = schema.find_field(name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {schema.name}"
            raise SalesforceRefusal("INVALID_FIELD", message)
        found.append(field)
    return found
