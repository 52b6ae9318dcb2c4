"""`/composite/sobjects`: the same call for many records, each with a result of its own."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from sf_sync.emulator.coercion import coerce
from sf_sync.emulator.refusals import SalesforceRefusal, bad_reference, json_trouble
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.external_ids import find_ids, find_key_field, is_absent
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.rest.rows import get_projector, require
from sf_sync.emulator.rest.statements import statement, transaction_of
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema
from sf_sync.emulator.store import Org
from sf_sync.emulator.transaction import Transaction
from sf_sync.ids import InvalidRecordId, parse_record_id

MAX_RECORDS = 200
MAX_CHUNKS = 10
"""A chunk is a run of records of one type."""
MAX_READ = 2_000
MAX_READ_BY_URL = 800
_UNDONE = "Record rolled back because not all records were valid and the request was using AllOrNone header"

RowWrite = Callable[[Transaction, Any], dict[str, Any]]
"""Writes one record and describes the success. Raises SalesforceRefusal."""


class _RolledBack(Exception):
    """Undoes the transaction after a record failed under all-or-none."""


def create_many(context: Context, request: ApiRequest) -> ApiAnswer:
    records, all_or_none = _read_records(request)

    def write(transaction: Transaction, record: dict[str, Any]) -> dict[str, Any]:
        schema = _schema_of(context.org, record)
        require(schema.createable, schema, "create")
        return _succeed(transaction.insert(schema.name, record))

    return _run(context, request, records, write, all_or_none=all_or_none)


def update_many(context: Context, request: ApiRequest) -> ApiAnswer:
    records, all_or_none = _read_records(request)

    def write(transaction: Transaction, record: dict[str, Any]) -> dict[str, Any]:
        schema = _schema_of(context.org, record)
        require(schema.updateable, schema, "update")
        values = {name: value for name, value in record.items() if name.lower() != "id"}
        record_id = _parse_row_id(schema, _get_id(record))
        transaction.update(schema.name, record_id, values)
        return _succeed(record_id)

    return _run(context, request, records, write, all_or_none=all_or_none)


def upsert_many(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[2])
    field = find_key_field(schema, request.segments[3])
    require(schema.createable and schema.updateable, schema, "upsert")
    records, all_or_none = _read_records(request)

    def write(transaction: Transaction, record: dict[str, Any]) -> dict[str, Any]:
        return _upsert(context.org, request, schema, field, transaction, record)

    return _run(context, request, records, write, all_or_none=all_or_none)


def delete_many(context: Context, request: ApiRequest) -> ApiAnswer:
    ids = _split(request.params.get("ids", ""))
    _check_count(len(ids), MAX_RECORDS)
    all_or_none = request.params.get("allOrNone", "false").lower() == "true"

    def write(transaction: Transaction, record_id: str) -> dict[str, Any]:
        schema = _schema_of_id(context.org, record_id)
        require(schema.deletable, schema, "delete")
        full_id = _parse_row_id(schema, record_id)
        transaction.delete(schema.name, full_id)
        return _succeed(full_id)

    return _run(context, request, ids, write, all_or_none=all_or_none)


def read_many(context: Context, request: ApiRequest) -> ApiAnswer:
    """GET with `ids` and `fields` in the url, or POST with both in the body, for up to 2,000 ids; null for no row."""
    schema = context.org.get_schema(request.segments[2])
    ids, fields = _read_selection(request)
    project = get_projector(context.org, schema, ",".join(["Id", *fields]), request.data_path)
    rows = [context.org.find(schema.name, _parse_selected_id(schema, each)) for each in ids]
    return ApiAnswer(body=[None if row is None else project(row) for row in rows])


def _run(
    context: Context, request: ApiRequest, items: Sequence[Any], write: RowWrite, *, all_or_none: bool
) -> ApiAnswer:
    results: list[dict[str, Any]] = []
    strict = all_or_none or request.all_or_none
    try:
        with transaction_of(context, request) as transaction:
            results.extend(_write_one(transaction, request, item, write) for item in items)
            if strict and not all(result["success"] for result in results):
                raise _RolledBack
    except _RolledBack:
        return ApiAnswer(body=[_undo(result) for result in results], failed=True)
    return ApiAnswer(body=results)


def _write_one(transaction: Transaction, request: ApiRequest, item: Any, write: RowWrite) -> dict[str, Any]:
    try:
        with statement(transaction, request):
            return write(transaction, item)
    except SalesforceRefusal as refusal:
        # In collections the code is called statusCode, unlike everywhere else.
        error = {"statusCode": refusal.code, "message": refusal.message, "fields": list(refusal.fields or ())}
        return {"success": False, "errors": [error]}


def _undo(result: dict[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        return result
    error = {"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": _UNDONE, "fields": []}
    return {"success": False, "errors": [error]}


def _succeed(record_id: str, **more: Any) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": [], **more}


def _upsert(
    org: Org,
    request: ApiRequest,
    schema: EntitySchema,
    field: FieldSchema,
    transaction: Transaction,
    record: dict[str, Any],
) -> dict[str, Any]:
    _check_type(schema, record)
    value = coerce(
        field, next((each for name, each in record.items() if name.lower() == field.name.lower()), None)
    )
    if value is None:
        raise SalesforceRefusal("MISSING_ARGUMENT", f"{field.name} not specified", fields=[])
    found = [] if is_absent(request, schema, field, value) else find_ids(org, schema, field, value)
    if len(found) > 1:
        message = f"{field.name}: more than one record found for external id field: {found}"
        raise SalesforceRefusal("DUPLICATE_EXTERNAL_ID", message, fields=[field.name])
    values = {name: each for name, each in record.items() if name.lower() != "id"}
    if found:
        transaction.update(schema.name, found[0], values)
        return _succeed(found[0], created=False)
    if field.type == "id":
        raise bad_reference()
    return _succeed(transaction.insert(schema.name, values), created=True)


def _read_records(request: ApiRequest) -> tuple[list[dict[str, Any]], bool]:
    body = request.read_object()
    unknown = body.keys() - {"allOrNone", "records"}
    records, all_or_none = body.get("records"), body.get("allOrNone", False)
    if unknown or not isinstance(records, list) or not isinstance(all_or_none, bool):
        raise json_trouble("The body of a collection has `records` (a list) and `allOrNone` (a boolean)")
    if not all(isinstance(record, dict) for record in records):
        raise json_trouble("Every record of a collection must be an object")
    _check_count(len(records), MAX_RECORDS)
    _check_chunks(records)
    return records, all_or_none


def _check_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise SalesforceRefusal(
            "LIMIT_EXCEEDED", f"record limit reached: between 1 and {most} records are accepted"
        )


def _check_chunks(records: Sequence[dict[str, Any]]) -> None:
    types = [_type_of(record) for record in records]
    chunks = 1 + sum(before != after for before, after in pairwise(types))
    if chunks > MAX_CHUNKS:
        raise SalesforceRefusal(
            "LIMIT_EXCEEDED", f"Cannot have more than {MAX_CHUNKS} chunks in a single operation"
        )


def _type_of(record: dict[str, Any]) -> str:
    attributes = record.get("attributes")
    return str(attributes.get("type", "")) if isinstance(attributes, dict) else ""


def _schema_of(org: Org, record: dict[str, Any]) -> EntitySchema:
    name = _type_of(record)
    schema = org.find_schema(name)
    if schema is None:
        raise SalesforceRefusal("INVALID_TYPE", f"sObject type '{name}' is not supported.", fields=[])
    return schema


def _check_type(schema: EntitySchema, record: dict[str, Any]) -> None:
    if _type_of(record).lower() not in ("", schema.name.lower()):
        message = f"The record's type is not {schema.name}"
        raise SalesforceRefusal("INVALID_TYPE", message, fields=[])


def _schema_of_id(org: Org, record_id: str) -> EntitySchema:
    for schema in org.schema.values():
        if record_id.startswith(schema.key_prefix):
            return schema
    raise SalesforceRefusal("MALFORMED_ID", f"malformed id {record_id}", fields=[])


def _get_id(record: dict[str, Any]) -> str:
    value = next((each for name, each in record.items() if name.lower() == "id"), None)
    if not isinstance(value, str):
        raise SalesforceRefusal("MISSING_ARGUMENT", "Id not specified in an update call", fields=[])
    return value


def _parse_row_id(schema: EntitySchema, text: str) -> str:
    try:
        return parse_record_id(text, prefix=schema.key_prefix)
    except InvalidRecordId:
        raise SalesforceRefusal("MALFORMED_ID", f"malformed id {text}", fields=["Id"]) from None


def _parse_selected_id(schema: EntitySchema, text: str) -> str:
    try:
        return parse_record_id(text, prefix=schema.key_prefix)
    except InvalidRecordId:
        raise SalesforceRefusal("MALFORMED_ID", f"malformed id {text}") from None


def _read_selection(request: ApiRequest) -> tuple[list[str], list[str]]:
    if request.method == "GET":
        ids, fields = _split(request.params.get("ids", "")), _split(request.params.get("fields", ""))
        _check_count(len(ids), MAX_READ_BY_URL)
    else:
        body = request.read_object()
        ids, fields = body.get("ids", []), body.get("fields", [])
        if body.keys() - {"ids", "fields"} or not _are_texts(ids) or not _are_texts(fields):
            raise json_trouble("The body has `ids` and `fields`, both lists of texts")
        _check_count(len(ids), MAX_READ)
    if not fields:
        raise SalesforceRefusal("MISSING_ARGUMENT", "fields not specified")
    return ids, fields


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
