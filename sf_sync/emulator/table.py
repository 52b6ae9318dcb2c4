"""The rows of one object with the indexes that keep equality on ids, external ids and lookups fast."""

from collections.abc import Iterable, Iterator

from sf_sync.emulator.schema.model import EntitySchema, Row


class Table:
    """Rows by id, deleted ones included (they carry IsDeleted)."""

    def __init__(self, schema: EntitySchema) -> None:
        self.schema = schema
        self.rows: dict[str, Row] = {}
        self._indexes: dict[str, dict[object, dict[str, None]]] = {name: {} for name in schema.indexed_fields}

    def put(self, row: Row) -> None:
        """Store a row in place of the earlier one with its id."""
        record_id = row["Id"]
        before = self.rows.get(record_id)
        self.rows[record_id] = row
        for name in self._indexes:
            old, new = before and before.get(name), row.get(name)
            if old != new or before is None:
                self._unindex(name, old, record_id)
                self._index(name, new, record_id)

    def remove(self, record_id: str) -> None:
        row = self.rows.pop(record_id)
        for name in self._indexes:
            self._unindex(name, row.get(name), record_id)

    def find_live(self, record_id: str) -> Row | None:
        row = self.rows.get(record_id)
        return None if row is None or row["IsDeleted"] else row

    def live(self) -> Iterator[Row]:
        return (row for row in self.rows.values() if not row["IsDeleted"])

    def is_indexed(self, field: str) -> bool:
        return field == "Id" or field in self._indexes

    def ids_with(self, field: str, values: Iterable[object]) -> set[str]:
        """Ids of all rows, deleted ones included, whose indexed field holds one of the values (texts in any
        case)."""
        if field == "Id":
            return {value for value in values if isinstance(value, str) and value in self.rows}
        index = self._indexes[field]
        return {record_id for value in values for record_id in index.get(fold(value), ())}

    def live_with(self, field: str, value: object) -> list[Row]:
        if field == "Id":
            row = self.find_live(str(value))
            return [row] if row else []
        found = (self.rows[record_id] for record_id in self._indexes[field].get(fold(value), ()))
        return [row for row in found if not row["IsDeleted"]]

    def _index(self, name: str, value: object, record_id: str) -> None:
        if value is not None:
            self._indexes[name].setdefault(fold(value), {})[record_id] = None

    def _unindex(self, name: str, value: object, record_id: str) -> None:
        index = self._indexes[name]
        bucket = index.get(fold(value)) if value is not None else None
        if bucket is not None:
            bucket.pop(record_id, None)
            if not bucket:
                del index[fold(value)]


def fold(value: object) -> object:
    """The key that values equal in SOQL's eyes share: text is compared without regard to case."""
    return value.casefold() if isinstance(value, str) else value
