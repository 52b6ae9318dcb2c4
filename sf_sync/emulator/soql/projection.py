"""From stored rows to the records of an answer: chosen fields, nested parents, children."""

from collections.abc import Callable
from typing import Any, TypeAlias

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row
from sf_sync.emulator.soql.binding import Binder, BoundField
from sf_sync.emulator.soql.syntax import FieldGroup, Path, Query, SelectedPath
from sf_sync.emulator.store import Org

Projector: TypeAlias = Callable[[Row], dict[str, Any]]
FIELDS_LIMIT = 200


class Shape:
    """What is read from the rows of one object: plain fields, and for lookups the shape of the parent."""

    def __init__(self, entity: EntitySchema, org: Org, data_path: str) -> None:
        self._entity = entity
        self._org = org
        self._url = f"{data_path}/sobjects/{entity.name}/"
        self._base = data_path
        self._readers: dict[str, Callable[[Row], Any]] = {}
        self._parents: dict[str, Shape] = {}

    def add(self, field: FieldSchema) -> None:
        self._readers[field.name] = make_reader(self._entity, field, self._base)

    def add_path(self, bound: BoundField) -> None:
        shape = self
        for lookup, entity in bound.lookups:
            shape = shape._parent(lookup, entity)
        shape.add(bound.field)

    def add_reader(self, name: str, read: Callable[[Row], Any]) -> None:
        self._readers[name] = read

    def project(self, row: Row) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": {"type": self._entity.name, "url": self._url + row["Id"]}}
        for name, read in self._readers.items():
            record[name] = read(row)
        return record

    def _parent(self, lookup: FieldSchema, entity: EntitySchema) -> "Shape":
        name = lookup.relationship_name or lookup.name
        if name not in self._parents:
            shape = self._parents[name] = Shape(entity, self._org, self._base)
            rows, key = self._org.tables[entity.name].rows, lookup.name

            def read(row: Row) -> dict[str, Any] | None:
                parent = rows.get(row.get(key, ""))
                return None if parent is None else shape.project(parent)

            self._readers[name] = read
        return self._parents[name]


def make_reader(entity: EntitySchema, field: FieldSchema, data_path: str) -> Callable[[Row], Any]:
    """How the field of a stored row is written in an answer."""
    name = field.name
    if field.type == "address":
        parts = [(part.name, _address_key(name, part.name)) for part in entity.parts_of(name)]
        return lambda row: _read_address(row, parts)
    if field.type == "base64":
        return lambda row: f"{data_path}/sobjects/{entity.name}/{row['Id']}/{name}" if name in row else None
    return lambda row: row.get(name)


def expand_group(query: Query, group: FieldGroup, entity: EntitySchema) -> list[FieldSchema]:
    """The fields of FIELDS(…). Raises SalesforceRefusal when the query has no small enough LIMIT."""
    unbounded = query.limit is None or query.limit > FIELDS_LIMIT
    if group.group != "STANDARD" and unbounded:
        message = f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}"
        raise SalesforceRefusal("MALFORMED_QUERY", message)
    wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[group.group]
    return [field for field in entity.fields if field.custom in wanted]


def bind_selected(binder: Binder, selected: SelectedPath) -> BoundField:
    if selected.alias is not None:
        message = f"unexpected token: '{selected.alias}'"
        raise SalesforceRefusal("MALFORMED_QUERY", message)
    return binder.bind(selected.path)


def refuse_double(seen: set[str], path: Path) -> None:
    key = str(path).lower()
    if key in seen:
        raise SalesforceRefusal("MALFORMED_QUERY", f"duplicate field selected: {path}")
    seen.add(key)


def _address_key(compound: str, part: str) -> str:
    bare = part.removeprefix(compound.removesuffix("Address"))
    return bare[0].lower() + bare[1:]


def _read_address(row: Row, parts: list[tuple[str, str]]) -> dict[str, Any] | None:
    if not any(name in row for name, _ in parts):
        return None
    return {key: row.get(name) for name, key in parts}
