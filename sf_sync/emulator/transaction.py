"""One transaction of the org: every write in it is committed together or undone together."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

from sf_sync.emulator.changes import Change, ChangeKind, describe_change, merge_changes
from sf_sync.emulator.record_ids import make_record_id
from sf_sync.emulator.refusals import SalesforceRefusal, duplicate_value
from sf_sync.emulator.schema.model import EntitySchema, Row
from sf_sync.emulator.table import Table
from sf_sync.emulator.validation import refuse_missing
from sf_sync.emulator.wire_time import format_instant

if TYPE_CHECKING:
    from sf_sync.emulator.store import Org

Automation: TypeAlias = Callable[["Transaction", Sequence[Change]], None]
"""Runs after a statement and before the commit, in the same transaction. Raising SalesforceRefusal undoes
it."""

_AUTOMATION_DEPTH = 16
"""Salesforce stops recursive triggers at this depth."""


class Transaction:
    """Writes go straight to the tables and are undone when the block raises. It must not be kept open across
    an `await`: other callers would see what is not committed yet, so the org refuses a second open
    transaction."""

    def __init__(self, org: "Org", *, user_id: str, origin: str, at: datetime) -> None:
        self.org = org
        self.user_id = user_id
        self.origin = origin
        self.at = at
        self.key = str(uuid4())
        # Audit stamps have whole seconds, so two writes within a second carry the same SystemModstamp.
        self.stamp = format_instant(at.replace(microsecond=0))
        self._steps: list[Change] = []
        self._automated = 0

    def insert(self, entity: str, values: Mapping[str, Any], *, as_system: bool = False) -> str:
        """Create a record and return its id. `as_system` may write read-only fields and skips the required
        ones; it is for what the platform makes by itself."""
        table = self._table(entity)
        planned = self.org.rules.plan(table.schema, values, "insert", as_system=as_system)
        row: Row = {name: value for name, value in planned.items() if value is not None}
        _fill_defaults(table.schema, row, planned)
        row["Id"] = record_id = str(row.get("Id") or self.org.next_id(entity))
        self._number(table.schema, row)
        self._stamp_creation(table.schema, row)
        self._derive(table.schema, None, row)
        if not as_system:
            refuse_missing(table.schema, row)
        self._refuse_duplicates(table, row)
        self._stage_blobs(table.schema, row)
        self._apply(table, "CREATE", None, row)
        return record_id

    def update(
        self, entity: str, record_id: str, values: Mapping[str, Any], *, as_system: bool = False
    ) -> None:
        """Change the given fields; None sets a field to null. Raises SalesforceRefusal."""
        table = self._table(entity)
        before = self.org.get(entity, record_id)
        planned = self.org.rules.plan(table.schema, values, "update", as_system=as_system)
        merged = {**before, **planned, **self._modification(table.schema)}
        row = {name: value for name, value in merged.items() if value is not None}
        self._derive(table.schema, before, row)
        if not as_system:
            refuse_missing(table.schema, row)
        self._refuse_duplicates(table, row)
        self._stage_blobs(table.schema, row)
        self._apply(table, "UPDATE", before, row)

    def delete(self, entity: str, record_id: str) -> None:
        """Move a record and its owned children to the recycle bin. Raises SalesforceRefusal."""
        table = self._table(entity)
        before = self.org.get(entity, record_id)
        self._release_children(entity, record_id)
        row = {**before, **self._modification(table.schema), "IsDeleted": True}
        self._apply(table, "DELETE", before, row)

    def undelete(self, entity: str, record_id: str) -> None:
        """Bring a deleted record back. Raises SalesforceRefusal."""
        table = self._table(entity)
        before = table.rows.get(record_id)
        if before is None or not before["IsDeleted"]:
            raise SalesforceRefusal("UNDELETE_FAILED", "Entity is not in the recycle bin", fields=[])
        row = {**before, **self._modification(table.schema), "IsDeleted": False}
        self._refuse_duplicates(table, row)
        self._apply(table, "UNDELETE", before, row)

    def get(self, entity: str, record_id: str) -> Row:
        """Like Org.get, own writes included."""
        return self.org.get(entity, record_id)

    def find(self, entity: str, record_id: str) -> Row | None:
        """Like Org.find, own writes included."""
        return self.org.find(entity, record_id)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the writes of the block, and only those, if it raises."""
        mark, automated = len(self._steps), self._automated
        try:
            yield
        except BaseException:
            self._undo(mark)
            self._automated = automated
            raise

    def run_automation(self) -> None:
        """Run the org's automation on what was written since it ran last, and on what the automation itself
        writes. Called after each statement, so that a refusal falls on the statement that caused it."""
        for _ in range(_AUTOMATION_DEPTH):
            fresh = merge_changes(self._steps[self._automated :])
            self._automated = len(self._steps)
            if not fresh:
                return
            for automation in self.org.automations:
                automation(self, fresh)
        message = "maximum trigger depth exceeded"
        raise SalesforceRefusal("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, fields=[])

    def changes(self) -> tuple[Change, ...]:
        """What the transaction has done so far, one change for each record."""
        return merge_changes(self._steps)

    def roll_back(self) -> None:
        self._undo(0)

    def _table(self, entity: str) -> Table:
        return self.org.tables[entity]

    def _apply(self, table: Table, kind: ChangeKind, before: Row | None, row: Row) -> None:
        table.put(row)
        was = None if kind == "UNDELETE" else before
        after = None if kind == "DELETE" else row
        self._steps.append(describe_change(table.schema.name, row["Id"], kind, was, after))

    def _undo(self, mark: int) -> None:
        for step in reversed(self._steps[mark:]):
            table = self._table(step.entity)
            if step.kind == "CREATE":
                table.remove(step.record_id)
            elif step.kind == "UNDELETE":
                table.put({**(step.after or {}), "IsDeleted": True})
            else:
                table.put(step.before or {})
        del self._steps[mark:]

    def _stamp_creation(self, schema: EntitySchema, row: Row) -> None:
        row.setdefault("IsDeleted", False)
        stamps = {"CreatedDate": self.stamp, "CreatedById": self.user_id, "OwnerId": self.user_id}
        for name, value in (stamps | self._modification(schema)).items():
            if name in schema.by_name:
                row.setdefault(name, value)

    def _modification(self, schema: EntitySchema) -> Row:
        stamps = {
            "LastModifiedDate": self.stamp,
            "LastModifiedById": self.user_id,
            "SystemModstamp": self.stamp,
        }
        return {name: value for name, value in stamps.items() if name in schema.by_name}

    def _number(self, schema: EntitySchema, row: Row) -> None:
        for field in schema.fields:
            if field.auto_number is not None and field.name not in row:
                row[field.name] = field.auto_number.format(self.org.next_number(schema.name, field.name))

    def _derive(self, schema: EntitySchema, before: Row | None, row: Row) -> None:
        if schema.derive is None:
            return
        for name, value in schema.derive(before, row, self.org.find).items():
            if value is None:
                row.pop(name, None)
            else:
                row[name] = value

    def _stage_blobs(self, schema: EntitySchema, row: Row) -> None:
        for name in schema.blob_fields:
            if isinstance(row.get(name), bytes):
                row[name] = self.org.blobs.stage(row[name])

    def _refuse_duplicates(self, table: Table, row: Row) -> None:
        for field in table.schema.unique_fields:
            value = row.get(field.name)
            others = [] if value is None else table.live_with(field.name, value)
            for other in others:
                if other["Id"] != row["Id"]:
                    raise duplicate_value(field.name, other["Id"])

    def _release_children(self, entity: str, record_id: str) -> None:
        for child, field in self.org.references_to(entity):
            for row in self.org.tables[child].live_with(field.name, record_id):
                if field.on_parent_delete == "cascade":
                    self.delete(child, row["Id"])
                elif field.on_parent_delete == "restrict":
                    raise _still_in_use(child, row["Id"])
                else:
                    self.update(child, row["Id"], {field.name: None}, as_system=True)


def _fill_defaults(schema: EntitySchema, row: Row, given: Collection[str]) -> None:
    """Fill what the caller did not mention; a null that was given stays null."""
    for record_type in schema.record_types:
        if record_type.default and "RecordTypeId" not in given:
            row["RecordTypeId"] = make_record_id("012", record_type.number)
    for field in schema.fields:
        if field.name in given:
            continue
        if field.default is not None:
            row[field.name] = field.default
        elif field.type == "boolean":
            row[field.name] = False


def _still_in_use(child: str, record_id: str) -> SalesforceRefusal:
    message = (
        "Your attempt to delete this record could not be completed because it is associated with the "
        f"following {child}: {record_id}"
    )
    return SalesforceRefusal("DELETE_FAILED", message, fields=[])
