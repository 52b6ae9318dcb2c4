"""Queries that count and sum: GROUP BY and the aggregate functions."""

from collections.abc import Callable, Iterable
from typing import Any

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.soql.binding import Binder, Getter
from sf_sync.emulator.soql.syntax import Aggregate, Query, SelectedPath
from sf_sync.emulator.soql.trouble import malformed
from sf_sync.emulator.table import fold

Column = Callable[[list[Row]], Any]

_SUMMARIES: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len({fold(value) for value in values}),
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values) if values else None,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}
_NUMBERS_ONLY = frozenset({"SUM", "AVG"})


def is_plain_count(query: Query) -> bool:
    """`SELECT COUNT() FROM …`: its answer is totalSize and no records."""
    first = query.selected[0]
    return len(query.selected) == 1 and isinstance(first, Aggregate) and first.path is None


def is_aggregate(query: Query) -> bool:
    return bool(query.group_by) or any(isinstance(selected, Aggregate) for selected in query.selected)


def summarize(query: Query, binder: Binder, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One AggregateResult for each group."""
    columns = _make_columns(query, binder)
    getters = [binder.bind(path).get for path in query.group_by]
    groups = _group(rows, getters)
    if not getters and not groups:
        groups = [[]]
    return [
        {"attributes": {"type": "AggregateResult"}, **{name: read(group) for name, read in columns.items()}}
        for group in groups
    ]


def refuse_ungrouped_order(query: Query) -> None:
    """Groups can be ordered by what they are grouped by; ordering by a summary is not supported here."""
    grouped = {str(path).lower() for path in query.group_by}
    for key in query.order_by:
        if str(key.path).lower() not in grouped:
            raise malformed(
                query.text, key.path.at, f"Ordered field must be grouped or aggregated: {key.path}"
            )


def _group(rows: Iterable[Row], getters: list[Getter]) -> list[list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(fold(get(row)) for get in getters), []).append(row)
    return list(groups.values())


def _make_columns(query: Query, binder: Binder) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    grouped = {str(path).lower() for path in query.group_by}
    for selected in query.selected:
        match selected:
            case Aggregate(path=None):
                raise malformed(query.text, selected.at, "Grouped query cannot use COUNT() without a field")
            case Aggregate():
                name = selected.alias or f"expr{_count_unnamed(columns)}"
                columns[name] = _make_summary(query, binder, selected)
            case SelectedPath(path, alias) if str(path).lower() in grouped:
                columns[alias or path.parts[-1]] = _make_group_value(binder.bind(path).get)
            case SelectedPath(path):
                raise malformed(query.text, path.at, f"Field must be grouped or aggregated: {path}")
            case _:
                raise SalesforceRefusal("MALFORMED_QUERY", "FIELDS and subqueries cannot be grouped")
    return columns


def _count_unnamed(columns: dict[str, Column]) -> int:
    return sum(name.startswith("expr") for name in columns)


def _make_summary(query: Query, binder: Binder, aggregate: Aggregate) -> Column:
    if aggregate.path is None:
        raise malformed(query.text, aggregate.at, f"{aggregate.function} needs a field")
    bound = binder.bind(aggregate.path)
    if aggregate.function in _NUMBERS_ONLY and bound.field.type not in (
        "int",
        "double",
        "currency",
        "percent",
    ):
        problem = f"field {bound.field.name} does not support aggregate operator {aggregate.function}"
        raise malformed(query.text, aggregate.at, problem)
    get, summary = bound.get, _SUMMARIES[aggregate.function]
    return lambda rows: summary([value for row in rows if (value := get(row)) is not None])


def _make_group_value(get: Getter) -> Column:
    return lambda rows: get(rows[0])
