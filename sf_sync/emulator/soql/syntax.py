"""The tree that a SOQL text is parsed to. `at` is the position in the text, for the caret of error
messages."""

from typing import Any, Literal, TypeAlias

import msgspec

LiteralKind = Literal["null", "boolean", "number", "string", "date", "datetime", "date_literal"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE"]


class Path(msgspec.Struct, frozen=True):
    """A field, maybe by way of parents: `Owner.Name`."""

    parts: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.parts)


class Value(msgspec.Struct, frozen=True):
    """A literal. A date literal's value is its name and number: `("LAST_N_DAYS", 7)`."""

    kind: LiteralKind
    value: Any
    at: int


class Comparison(msgspec.Struct, frozen=True):
    path: Path
    operator: Operator
    value: Value


class InList(msgspec.Struct, frozen=True):
    path: Path
    values: tuple[Value, ...]
    negated: bool


class InQuery(msgspec.Struct, frozen=True):
    path: Path
    query: "Query"
    negated: bool


class And(msgspec.Struct, frozen=True):
    items: tuple["Condition", ...]


class Or(msgspec.Struct, frozen=True):
    items: tuple["Condition", ...]


class Not(msgspec.Struct, frozen=True):
    item: "Condition"


Condition: TypeAlias = Comparison | InList | InQuery | And | Or | Not


class FieldGroup(msgspec.Struct, frozen=True):
    """`FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`."""

    group: Literal["ALL", "STANDARD", "CUSTOM"]
    at: int


class Aggregate(msgspec.Struct, frozen=True):
    """`COUNT(Id) total`; a COUNT() without a field has no path and stands alone."""

    function: str
    path: Path | None
    alias: str | None
    at: int


class SelectedPath(msgspec.Struct, frozen=True):
    """A selected field; only grouped ones may have an alias."""

    path: Path
    alias: str | None = None


class Subselect(msgspec.Struct, frozen=True):
    """`(SELECT Id FROM Contacts)`: the children of each row."""

    query: "Query"


Selected: TypeAlias = SelectedPath | FieldGroup | Aggregate | Subselect


class OrderKey(msgspec.Struct, frozen=True):
    path: Path
    descending: bool
    nulls_last: bool


class Query(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    selected: tuple[Selected, ...]
    source: str
    source_at: int
    alias: str | None
    where: Condition | None
    group_by: tuple[Path, ...]
    order_by: tuple[OrderKey, ...]
    limit: int | None
    offset: int
