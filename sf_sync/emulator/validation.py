"""What may be written to a record: known, writable, well-formed fields that point at records which exist."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from sf_sync.emulator.coercion import coerce, read_only_field
from sf_sync.emulator.refusals import SalesforceRefusal, bad_reference
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row, RowReader

Mode = Literal["insert", "update"]
KeyFinder = Callable[[str, str, Any], list[Row]]
"""(entity, field, value) to the live rows whose indexed field holds the value."""


class WriteRules:
    """Turns the values of a request into stored values. Raises SalesforceRefusal with the field it stumbled
    on."""

    def __init__(self, schemas: Mapping[str, EntitySchema], read: RowReader, find_by: KeyFinder) -> None:
        self._schemas = schemas
        self._read = read
        self._find_by = find_by

    def plan(
        self, schema: EntitySchema, given: Mapping[str, Any], mode: Mode, *, as_system: bool = False
    ) -> Row:
        """Stored values by exact field name; None means: set to null."""
        planned: Row = {}
        for name, value in given.items():
            if name == "attributes":
                continue
            field, value = self._resolve(schema, name, value)
            planned[field.name] = coerce(field, value)
        if not as_system:
            _refuse_read_only(schema, planned, mode)
            self._refuse_bad_nulls(schema, planned)
        for name, value in planned.items():
            self._check_reference(schema.by_name[name], value)
        self._check_record_type(schema, planned.get("RecordTypeId"))
        return planned

    def _resolve(self, schema: EntitySchema, name: str, value: Any) -> tuple[FieldSchema, Any]:
        field = schema.find_field(name)
        if field is not None:
            return field, value
        lookup = schema.by_relationship.get(name.lower())
        if lookup is None or not isinstance(value, dict):
            message = f"No such column '{name}' on sobject of type {schema.name}"
            raise SalesforceRefusal("INVALID_FIELD", message)
        return lookup, self._find_parent_id(lookup, value)

    def _find_parent_id(self, lookup: FieldSchema, parent: Mapping[str, Any]) -> str:
        keys = [(name, value) for name, value in parent.items() if name != "attributes"]
        entity = self._schemas[lookup.reference_to[0]]
        field = entity.find_field(keys[0][0]) if len(keys) == 1 else None
        if field is None or not (field.external_id or field.type == "id"):
            message = f"No external id field given for the foreign key {lookup.relationship_name}"
            raise SalesforceRefusal("INVALID_FIELD", message, fields=[lookup.name])
        found = self._find_by(entity.name, field.name, coerce(field, keys[0][1]))
        if len(found) != 1:
            given = keys[0][1]
            message = (
                f"Foreign key external ID: {given} not found for field {field.name} in entity {entity.name}"
            )
            raise SalesforceRefusal("INVALID_FIELD", message, fields=[])
        return str(found[0]["Id"])

    def _refuse_bad_nulls(self, schema: EntitySchema, planned: Row) -> None:
        for name, value in planned.items():
            field = schema.by_name[name]
            if value is None and field.type == "boolean":
                message = f"{field.label}: cannot be null"
                raise SalesforceRefusal("INVALID_TYPE_ON_FIELD_IN_RECORD", message, fields=[name])

    def _check_reference(self, field: FieldSchema, value: Any) -> None:
        if value is None or field.type != "reference":
            return
        for entity in field.reference_to:
            if value.startswith(self._schemas[entity].key_prefix):
                if self._read(entity, value) is None:
                    raise bad_reference(fields=[field.name])
                return
        message = f"{field.label}: id value of incorrect type: {value}"
        raise SalesforceRefusal("MALFORMED_ID", message, fields=[field.name])

    def _check_record_type(self, schema: EntitySchema, record_type_id: str | None) -> None:
        record_type = self._read("RecordType", record_type_id) if record_type_id else None
        if record_type is not None and record_type["SobjectType"] != schema.name:
            message = "Record Type ID: this ID value isn't valid for the user"
            raise bad_reference(message, fields=["RecordTypeId"])


def refuse_missing(schema: EntitySchema, row: Row) -> None:
    """Refuse a row about to be stored that lacks what must not be null."""
    missing = [field.name for field in schema.fields if field.required and row.get(field.name) is None]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceRefusal("REQUIRED_FIELD_MISSING", message, fields=missing)


def _refuse_read_only(schema: EntitySchema, names: Iterable[str], mode: Mode) -> None:
    if "Id" in names and mode == "insert":
        message = "cannot specify Id in an insert call"
        raise SalesforceRefusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=["Id"])
    if "Id" in names:
        raise SalesforceRefusal("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    refused = [name for name in names if not _is_writable(schema.by_name[name], mode)]
    if refused:
        raise read_only_field(*refused)


def _is_writable(field: FieldSchema, mode: Mode) -> bool:
    return field.createable if mode == "insert" else field.updateable
