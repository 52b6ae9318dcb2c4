"""ORDER BY, with nulls first unless told otherwise, whatever the direction."""

from collections.abc import Callable, Sequence
from typing import Any

from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.soql.binding import Binder
from sf_sync.emulator.soql.syntax import OrderKey
from sf_sync.emulator.soql.trouble import bad_field
from sf_sync.emulator.table import fold


def sort_rows(rows: list[Row], keys: Sequence[OrderKey], binder: Binder) -> None:
    """Sort in place. Sorting is stable, so the last key goes first."""
    for key in reversed(keys):
        rows.sort(key=_make_key(key, binder), reverse=key.descending)


def _make_key(key: OrderKey, binder: Binder) -> Callable[[Row], tuple[bool, Any]]:
    bound = binder.bind(key.path)
    if bound.field.long_text or bound.field.type in ("address", "base64", "multipicklist"):
        problem = f"field '{bound.field.name}' can not be sorted in a query call"
        raise bad_field(binder.query.text, key.path.at, problem)
    get = bound.get
    # The flag compares before the value; `reverse` turns it round together with the values.
    null_flag = key.nulls_last != key.descending

    def sort_key(row: Row) -> tuple[bool, Any]:
        value = get(row)
        return (null_flag, "") if value is None else (not null_flag, fold(value))

    return sort_key
