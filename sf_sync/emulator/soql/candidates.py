"""Which rows a WHERE clause can be true for at all, found by index: equality and IN on ids, external ids and
lookups."""

from collections.abc import Callable

from sf_sync.emulator.soql.filters import Filters
from sf_sync.emulator.soql.syntax import And, Comparison, Condition, InList, Or, Path, Value
from sf_sync.emulator.table import Table

Lookup = Callable[[Path], str | None]


def plan_candidates(condition: Condition, filters: Filters, table: Table) -> set[str] | None:
    """Ids among which all matching rows are, or None when only a scan can tell."""
    match condition:
        case Comparison(path, "=", value):
            return _by_index(path, (value,), filters, table)
        case InList(path, values, False):
            return _by_index(path, values, filters, table)
        case And(items):
            plans = [plan for item in items if (plan := plan_candidates(item, filters, table)) is not None]
            return min(plans, key=len, default=None)
        case Or(items):
            return _union([plan_candidates(item, filters, table) for item in items])
    return None


def _by_index(path: Path, values: tuple[Value, ...], filters: Filters, table: Table) -> set[str] | None:
    if len(path.parts) != 1:
        return None
    field = table.schema.find_field(path.parts[0])
    if field is None or not table.is_indexed(field.name) or any(value.kind == "null" for value in values):
        return None
    return table.ids_with(field.name, [filters.convert(field, value) for value in values])


def _union(plans: list[set[str] | None]) -> set[str] | None:
    found = [plan for plan in plans if plan is not None]
    return set().union(*found) if len(found) == len(plans) else None
