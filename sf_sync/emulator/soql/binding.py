"""From the names in a query to the org's fields: objects, fields by way of parents, and how to read them from
a row."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row
from sf_sync.emulator.soql.syntax import Path, Query
from sf_sync.emulator.soql.trouble import no_such_column, no_such_object, no_such_relationship
from sf_sync.emulator.store import Org

Getter: TypeAlias = Callable[[Row], Any]


class BoundField(msgspec.Struct, frozen=True, kw_only=True):
    """A field found from the query's object by way of `lookups`, each with the object it leads to."""

    field: FieldSchema
    entity: EntitySchema
    lookups: tuple[tuple[FieldSchema, EntitySchema], ...]
    get: Getter


class Binder:
    """Binds the paths of one query. Raises SalesforceRefusal INVALID_TYPE or INVALID_FIELD."""

    def __init__(self, org: Org, query: Query, source: EntitySchema | None = None) -> None:
        """`source` is given for a subselect, whose FROM names a relationship and not an object."""
        self.org = org
        self.query = query
        found = source or org.find_schema(query.source)
        if found is None:
            raise no_such_object(query.text, query.source_at, query.source)
        self.entity = found

    def bind(self, path: Path) -> BoundField:
        parts = self._without_alias(path.parts)
        entity = self.entity
        lookups: list[tuple[FieldSchema, EntitySchema]] = []
        for part in parts[:-1]:
            lookup = entity.by_relationship.get(part.lower())
            # A lookup with several targets leads to the platform's object Name, which this org lacks.
            if lookup is None or len(lookup.reference_to) != 1:
                raise no_such_relationship(self.query.text, path.at, part)
            entity = self.org.schema[lookup.reference_to[0]]
            lookups.append((lookup, entity))
        field = entity.find_field(parts[-1])
        if field is None:
            raise no_such_column(self.query.text, path.at, parts[-1], entity.name)
        return BoundField(
            field=field, entity=entity, lookups=tuple(lookups), get=self._make_getter(lookups, field)
        )

    def _without_alias(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        if len(parts) == 1:
            return parts
        first = parts[0].lower()
        alias = self.query.alias
        is_alias = alias is not None and first == alias.lower()
        is_source = first == self.entity.name.lower() and first not in self.entity.by_relationship
        return parts[1:] if is_alias or is_source else parts

    def _make_getter(self, lookups: list[tuple[FieldSchema, EntitySchema]], field: FieldSchema) -> Getter:
        name = field.name
        if not lookups:
            return lambda row: row.get(name)
        follow = [(lookup.name, self.org.tables[entity.name].rows) for lookup, entity in lookups]

        def get(row: Row) -> Any:
            current: Row | None = row
            for lookup, rows in follow:
                current = rows.get(current.get(lookup, "")) if current is not None else None
            return None if current is None else current.get(name)

        return get
