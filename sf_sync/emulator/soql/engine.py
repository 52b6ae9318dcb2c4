"""Runs SOQL on the org."""

from collections.abc import Iterable
from typing import Any

import msgspec

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row
from sf_sync.emulator.soql.aggregates import is_aggregate, is_plain_count, refuse_ungrouped_order, summarize
from sf_sync.emulator.soql.binding import Binder
from sf_sync.emulator.soql.candidates import plan_candidates
from sf_sync.emulator.soql.filters import Filters
from sf_sync.emulator.soql.ordering import sort_rows
from sf_sync.emulator.soql.parser import parse
from sf_sync.emulator.soql.projection import Projector, Shape, bind_selected, expand_group, refuse_double
from sf_sync.emulator.soql.restrictions import check_restrictions, refuse_semi_join
from sf_sync.emulator.soql.syntax import Condition, FieldGroup, Query, SelectedPath, Subselect
from sf_sync.emulator.soql.trouble import malformed, no_such_relationship
from sf_sync.emulator.store import Org
from sf_sync.emulator.table import Table


class QueryResult(msgspec.Struct, frozen=True, kw_only=True):
    """Matching rows as they were when the query ran, and how to write one. Aggregates come as finished
    records."""

    entity: str
    total: int
    rows: list[Row]
    project: Projector
    aggregate: bool = False


class SoqlEngine:
    """Answers queries. `data_path` begins the urls in records: `/services/data/v66.0`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def run(self, text: str, *, data_path: str, include_deleted: bool = False) -> QueryResult:
        """Raises SalesforceRefusal for what is malformed, unknown or not supported."""
        return self._run(parse(text), data_path=data_path, include_deleted=include_deleted)

    def _run(self, query: Query, *, data_path: str, include_deleted: bool) -> QueryResult:
        binder = Binder(self._org, query)
        check_restrictions(binder)
        rows = self._find_rows(query, binder, include_deleted=include_deleted)
        if is_plain_count(query):
            kept = rows[: query.limit]
            return QueryResult(entity=binder.entity.name, total=len(kept), rows=[], project=dict)
        if is_aggregate(query):
            refuse_ungrouped_order(query)
            sort_rows(rows, query.order_by, binder)
            records = _cut(summarize(query, binder, rows), query)
            return QueryResult(
                entity=binder.entity.name, total=len(records), rows=records, project=dict, aggregate=True
            )
        project = self._make_projector(query, binder, data_path)
        sort_rows(rows, query.order_by, binder)
        rows = _cut(rows, query)
        return QueryResult(entity=binder.entity.name, total=len(rows), rows=rows, project=project)

    def _find_rows(
        self, query: Query, binder: Binder, *, include_deleted: bool, within: Iterable[Row] | None = None
    ) -> list[Row]:
        table = self._org.tables[binder.entity.name]
        if query.where is None:
            rows = table.rows.values() if within is None else within
        else:
            filters = Filters(binder, self._find_values)
            predicate = filters.compile(query.where)
            rows = filter(predicate, _narrow(query.where, filters, table) if within is None else within)
        if include_deleted:
            return list(rows)
        return [row for row in rows if not row["IsDeleted"]]

    def _find_values(self, query: Query) -> set[Any]:
        """The values of a semi-join's one field."""
        binder = Binder(self._org, query)
        refuse_semi_join(binder)
        selected = query.selected[0]
        if len(query.selected) != 1 or not isinstance(selected, SelectedPath):
            raise malformed(query.text, query.source_at, "The inner select must have exactly one field")
        bound = binder.bind(selected.path)
        if bound.field.type not in ("id", "reference"):
            problem = f"The selected field '{bound.field.name}' in the subquery must be an id or a reference"
            raise malformed(query.text, selected.path.at, problem)
        rows = self._find_rows(query, binder, include_deleted=False)
        return {value for row in rows if (value := bound.get(row)) is not None}

    def _make_projector(self, query: Query, binder: Binder, data_path: str) -> Projector:
        shape = Shape(binder.entity, self._org, data_path)
        seen: set[str] = set()
        for selected in query.selected:
            match selected:
                case SelectedPath():
                    refuse_double(seen, selected.path)
                    shape.add_path(bind_selected(binder, selected))
                case FieldGroup():
                    for field in expand_group(query, selected, binder.entity):
                        shape.add(field)
                case Subselect():
                    self._add_children(shape, binder, selected.query, data_path)
                case _:
                    raise SalesforceRefusal("MALFORMED_QUERY", "Aggregates and fields cannot be mixed")
        return shape.project

    def _add_children(self, shape: Shape, outer: Binder, query: Query, data_path: str) -> None:
        found = self._find_relationship(outer.entity, query.source)
        if found is None:
            raise no_such_relationship(query.text, query.source_at, query.source)
        child, lookup = found
        binder = Binder(self._org, query, child)
        project = self._make_projector(query, binder, data_path)
        table = self._org.tables[child.name]

        def read(row: Row) -> dict[str, Any] | None:
            children = table.live_with(lookup.name, row["Id"])
            rows = self._find_rows(query, binder, include_deleted=False, within=children)
            sort_rows(rows, query.order_by, binder)
            rows = _cut(rows, query)
            if not rows:
                return None
            return {"totalSize": len(rows), "done": True, "records": [project(row) for row in rows]}

        shape.add_reader(lookup.child_relationship or query.source, read)

    def _find_relationship(self, parent: EntitySchema, name: str) -> tuple[EntitySchema, FieldSchema] | None:
        for entity, field in self._org.references_to(parent.name):
            if field.child_relationship is not None and field.child_relationship.lower() == name.lower():
                return self._org.schema[entity], field
        return None


def _narrow(where: Condition, filters: Filters, table: Table) -> Iterable[Row]:
    """The rows that the condition has to be tried on: those that an index names, or all."""
    candidates = plan_candidates(where, filters, table)
    if candidates is None:
        return table.rows.values()
    # Index order would differ from run to run; ids grow, so their order is that of creation, as in a scan.
    return [table.rows[record_id] for record_id in sorted(candidates)]


def _cut(rows: list[Any], query: Query) -> list[Any]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]
