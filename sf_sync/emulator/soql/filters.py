"""Compiles a WHERE clause to a predicate over rows, with SOQL's ideas of null, case and kinds of value."""

import operator
import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, TypeAlias

from sf_sync.emulator.schema.model import FieldSchema, Row
from sf_sync.emulator.soql.binding import Binder, Getter
from sf_sync.emulator.soql.syntax import (
    And,
    Comparison,
    Condition,
    InList,
    InQuery,
    Not,
    Or,
    Path,
    Query,
    Value,
)
from sf_sync.emulator.soql.time_ranges import get_range
from sf_sync.emulator.soql.trouble import bad_field, bad_operator
from sf_sync.emulator.table import fold
from sf_sync.emulator.wire_time import format_instant
from sf_sync.ids import InvalidRecordId, parse_record_id

Predicate: TypeAlias = Callable[[Row], bool]
IdFinder: TypeAlias = Callable[[Query], Collection[Any]]
"""Runs the query of a semi-join and gives the values of its one field."""

_TEXT_TYPES = frozenset({"string", "textarea", "picklist", "multipicklist", "phone", "email", "url", "name"})
_ID_TYPES = frozenset({"id", "reference"})
_NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
_KIND_NAMES = {"boolean": "boolean", "datetime": "dateTime", "date": "date", "int": "int"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Filters:
    """Compiles the conditions of one query."""

    def __init__(self, binder: Binder, find_ids: IdFinder) -> None:
        self._binder = binder
        self._find_ids = find_ids
        self._text = binder.query.text

    def compile(self, condition: Condition) -> Predicate:
        """Raises SalesforceRefusal for unknown fields and values of the wrong kind."""
        match condition:
            case And(items):
                return _all([self.compile(item) for item in items])
            case Or(items):
                return _any([self.compile(item) for item in items])
            case Not(item):
                inner = self.compile(item)
                return lambda row: not inner(row)
            case InList(path, values, negated):
                field, get = self.bind(path)
                keys = {fold(self.convert(field, value)) for value in values}
                return _membership(get, keys, negated=negated)
            case InQuery(path, query, negated):
                field, get = self.bind(path)
                keys = {fold(value) for value in self._find_ids(query)}
                return _membership(get, keys, negated=negated)
            case Comparison():
                return self._compile_comparison(condition)

    def bind(self, path: Path) -> tuple[FieldSchema, Getter]:
        bound = self._binder.bind(path)
        if not bound.field.filterable:
            raise bad_field(
                self._text, path.at, f"field '{bound.field.name}' can not be filtered in a query call"
            )
        return bound.field, bound.get

    def convert(self, field: FieldSchema, value: Value) -> Any:
        """The literal as the field's rows hold it. Raises SalesforceRefusal when it is of another kind."""
        if value.kind == "null":
            return None
        if field.type in _ID_TYPES:
            return self._convert_id(field, value)
        wanted = _wanted_kind(field)
        if value.kind != wanted:
            kind = _KIND_NAMES.get(field.type, "double" if field.type in _NUMBER_TYPES else "string")
            quotes = "should be" if wanted == "string" else "should not be"
            problem = (
                f"value of filter criterion for field '{field.name}' must be of type {kind} and {quotes}"
            )
            raise bad_field(self._text, value.at, f"{problem} enclosed in quotes")
        return value.value

    def _convert_id(self, field: FieldSchema, value: Value) -> str:
        try:
            if value.kind == "string":
                return parse_record_id(value.value)
        except InvalidRecordId:
            pass
        raise bad_operator(self._text, value.at, f"invalid ID field: {value.value}")

    def _compile_comparison(self, condition: Comparison) -> Predicate:
        field, get = self.bind(condition.path)
        if condition.value.kind == "date_literal":
            return self._compile_date_literal(field, get, condition)
        if condition.operator == "LIKE":
            return self._compile_like(field, get, condition)
        wanted = fold(self.convert(field, condition.value))
        match condition.operator:
            case "=":
                return lambda row: fold(get(row)) == wanted
            case "!=":
                return lambda row: fold(get(row)) != wanted
        return self._compile_order(field, get, condition, wanted)

    def _compile_order(
        self, field: FieldSchema, get: Getter, condition: Comparison, wanted: Any
    ) -> Predicate:
        if wanted is None or field.type in ("boolean", "multipicklist"):
            raise bad_operator(self._text, condition.path.at, f"invalid operator on {field.type} field")
        compare = _COMPARE[condition.operator]
        return lambda row: (value := get(row)) is not None and compare(fold(value), wanted)

    def _compile_like(self, field: FieldSchema, get: Getter, condition: Comparison) -> Predicate:
        if field.type not in _TEXT_TYPES:
            raise bad_operator(self._text, condition.path.at, f"invalid operator on {field.type} field")
        matches = _like_pattern(str(self.convert(field, condition.value) or "")).fullmatch
        return lambda row: (value := get(row)) is not None and matches(value) is not None

    def _compile_date_literal(self, field: FieldSchema, get: Getter, condition: Comparison) -> Predicate:
        if field.type not in ("date", "datetime") or condition.operator == "LIKE":
            raise bad_operator(self._text, condition.path.at, f"invalid operator on {field.type} field")
        name, count = condition.value.value
        first, after = get_range(name, count, self._binder.org.now().date())
        start, end = _border(field, first), _border(field, after)
        inside: dict[str, Predicate] = {
            "=": lambda row: (value := get(row)) is not None and start <= value < end,
            "!=": lambda row: not ((value := get(row)) is not None and start <= value < end),
            "<": lambda row: (value := get(row)) is not None and value < start,
            "<=": lambda row: (value := get(row)) is not None and value < end,
            ">": lambda row: (value := get(row)) is not None and value >= end,
            ">=": lambda row: (value := get(row)) is not None and value >= start,
        }
        return inside[condition.operator]


def _wanted_kind(field: FieldSchema) -> str:
    if field.type in _NUMBER_TYPES:
        return "number"
    return field.type if field.type in ("boolean", "date", "datetime") else "string"


def _border(field: FieldSchema, day: date) -> str:
    if field.type == "date":
        return day.isoformat()
    return format_instant(datetime.fromisoformat(f"{day.isoformat()}T00:00:00+00:00"))


def _membership(get: Getter, keys: Collection[Any], *, negated: bool) -> Predicate:
    if negated:
        return lambda row: fold(get(row)) not in keys
    return lambda row: fold(get(row)) in keys


def _all(predicates: list[Predicate]) -> Predicate:
    if len(predicates) == 2:
        first, second = predicates
        return lambda row: first(row) and second(row)
    return lambda row: all(predicate(row) for predicate in predicates)


def _any(predicates: list[Predicate]) -> Predicate:
    return lambda row: any(predicate(row) for predicate in predicates)


def _like_pattern(pattern: str) -> re.Pattern[str]:
    """`%` and `_` are wildcards unless escaped; case does not matter. Each part between two `%` is matched where it
    comes first and never tried elsewhere (an atomic group), so no pattern can take long."""
    first, *rest = [_like_part(part) for part in re.split(r"(?<!\\)%", pattern)]
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + middle + last, re.IGNORECASE | re.DOTALL)


def _like_part(text: str) -> str:
    wildcards = {"_": ".", r"\%": "%", r"\_": "_"}
    return "".join(wildcards.get(part, re.escape(part)) for part in re.split(r"(\\%|\\_|_)", text))
