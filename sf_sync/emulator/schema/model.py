"""How one object of the org is described: its fields in Avro order, its id prefix, what its rows derive by
themselves."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, TypeAlias

import msgspec

FieldType = Literal[
    "id", "string", "textarea", "picklist", "multipicklist", "boolean", "int", "double", "currency",
    "percent", "date", "datetime", "reference", "phone", "email", "url", "address", "name", "base64",
]  # fmt: skip

Row: TypeAlias = dict[str, Any]
"""One record as it is stored. A null field is absent. Instants are wire text (`2025-12-19T06:15:36.000+0000`,
always UTC, so text order is time order), dates `2025-12-19`, numbers int or float, references 18-character
ids, contents of files the digest that finds them in the org's blobs. A stored row is never changed in place:
every write makes a new one, so a listener may keep what it was given."""

RowReader: TypeAlias = Callable[[str, str], Row | None]
"""(entity, id) to the live row, for derivations that look at a parent."""

Derivation: TypeAlias = Callable[[Row | None, Row, RowReader], Mapping[str, Any]]
"""(row before or None, row about to be stored, reader) to the fields the platform sets by itself. A rule may
raise `SalesforceRefusal` to veto the write."""


class FieldSchema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One field. `compound` names the address or name field that it is a part of (the parts follow their
    whole)."""

    name: str
    label: str
    type: FieldType
    length: int = 0
    precision: int = 18
    scale: int = 0
    nillable: bool = True
    external_id: bool = False
    unique: bool = False
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    child_relationship: str | None = None
    """The name of the list on the parent (`Cases` for Case.AccountId)."""
    on_parent_delete: Literal["clear", "cascade", "restrict"] = "clear"
    createable: bool = True
    updateable: bool = True
    default: Any = None
    auto_number: str | None = None
    """A format with one number, such as `{:08d}`: the platform counts it up at insert."""
    name_field: bool = False
    calculated: bool = False
    compound: str | None = None
    filterable: bool = True
    in_events: bool = True
    """False for what change events leave out: SystemModstamp, IsDeleted, view stamps, formula fields."""
    long_text: bool = False
    """A long or rich text area: its event value over 1,000 characters is a diff, and SOQL cannot filter by
    it."""
    field_id: str | None = None
    """The 00N id of a custom field, as it stands in the Avro doc text."""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def required(self) -> bool:
        """A row without it is refused; a default may fill it at insert."""
        return not self.nillable and self.createable and self.type != "boolean"

    @property
    def indexed(self) -> bool:
        return self.external_id or self.unique or self.type == "reference"


class RecordTypeSchema(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is the record type's place in the org; its id is made from it."""

    developer_name: str
    name: str
    number: int
    default: bool = False


class EntitySchema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One object. `fields` stand in the order of the change event's Avro schema, after the header."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[FieldSchema, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    change_events: bool = False
    record_types: tuple[RecordTypeSchema, ...] = ()
    derive: Derivation | None = None

    @cached_property
    def by_name(self) -> dict[str, FieldSchema]:
        """Every field by its exact API name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_folded_name(self) -> dict[str, FieldSchema]:
        """Every field by its API name in lower case: Salesforce matches field names without regard to
        case."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, FieldSchema]:
        """Reference fields by their relationship name in lower case (`owner` gives OwnerId)."""
        return {field.relationship_name.lower(): field for field in self.fields if field.relationship_name}

    @cached_property
    def indexed_fields(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.indexed)

    @cached_property
    def blob_fields(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.type == "base64")

    @cached_property
    def unique_fields(self) -> tuple[FieldSchema, ...]:
        return tuple(field for field in self.fields if field.unique)

    def find_field(self, name: str) -> FieldSchema | None:
        return self.by_name.get(name) or self.by_folded_name.get(name.lower())

    def parts_of(self, compound: str) -> tuple[FieldSchema, ...]:
        return tuple(field for field in self.fields if field.compound == compound)
