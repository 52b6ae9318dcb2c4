"""The org: every record in memory, changed by transactions, with the commits that the change feed is made
from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sf_sync.emulator.blobs import Blobs
from sf_sync.emulator.changes import Change, ChangeKind, Commit
from sf_sync.emulator.record_ids import RecordIds
from sf_sync.emulator.refusals import SalesforceRefusal, entity_is_deleted, no_such_row
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row
from sf_sync.emulator.table import Table
from sf_sync.emulator.transaction import Automation, Transaction
from sf_sync.emulator.validation import WriteRules
from sf_sync.emulator.wire_time import format_instant

__all__ = [
    "Change",
    "ChangeKind",
    "Commit",
    "CommitLog",
    "EntitySchema",
    "FieldSchema",
    "Org",
    "Row",
    "Transaction",
]

FIRST_COMMIT_NUMBER = 11_700_000_000
"""As high as those of an org that has lived for a while; replay ids are made from it and need room above."""
COMMIT_NUMBER_STEP = 3
RETENTION = timedelta(hours=72)


class CommitLog(Protocol):
    """Where commits are kept across restarts."""

    def append(self, commit: Commit) -> None: ...

    def close(self) -> None: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


class Org:
    """Records, commits and automation of one Salesforce org. All of it belongs to one event loop and never
    waits."""

    def __init__(
        self,
        schemas: Mapping[str, EntitySchema],
        *,
        now: Callable[[], datetime] = utc_now,
        retention: timedelta = RETENTION,
    ) -> None:
        self.schema: dict[str, EntitySchema] = dict(schemas)
        self.tables = {name: Table(schema) for name, schema in self.schema.items()}
        self.now = now
        self.retention = retention
        self.commits: list[Commit] = []
        self.automations: list[Automation] = []
        self.rules = WriteRules(self.schema, self.find, self.find_by)
        self.last_commit_number = FIRST_COMMIT_NUMBER - COMMIT_NUMBER_STEP
        self.log: CommitLog | None = None
        self.blobs = Blobs()
        self._listeners: list[Callable[[Commit], None]] = []
        self._ids = RecordIds(self.schema)
        self._numbers: dict[tuple[str, str], int] = {}
        self._open: Transaction | None = None

    @property
    def org_id(self) -> str:
        """The 18-character id of the Organization row."""
        return next(iter(self.tables["Organization"].rows))

    def on_commit(self, listener: Callable[[Commit], None]) -> None:
        """Call the listener after every commit, in the order of commits."""
        self._listeners.append(listener)

    def add_automation(self, automation: Automation) -> None:
        """Run it within every transaction, after each statement. See `Automation`."""
        self.automations.append(automation)

    @contextmanager
    def transaction(self, *, user_id: str, origin: str = "") -> Iterator[Transaction]:
        """Commit at the end of the block, roll back if it raises. `origin` is the changeOrigin text of its
        events."""
        if self._open is not None:
            raise RuntimeError("a transaction is open already; it may not span an await")
        transaction = self._open = Transaction(self, user_id=user_id, origin=origin, at=self.now())
        try:
            yield transaction
            transaction.run_automation()
        except BaseException:
            transaction.roll_back()
            self.blobs.keep(())
            raise
        finally:
            self._open = None
        self._commit(transaction)

    def get(self, entity: str, record_id: str) -> Row:
        """The live row. Raises SalesforceRefusal NOT_FOUND or ENTITY_IS_DELETED."""
        row = self.tables[entity].rows.get(record_id)
        if row is None:
            raise no_such_row()
        if row["IsDeleted"]:
            raise entity_is_deleted()
        return row

    def find(self, entity: str, record_id: str) -> Row | None:
        """The live row with this 18-character id."""
        return self.tables[entity].find_live(record_id)

    def find_by(self, entity: str, field: str, value: Any) -> list[Row]:
        """Live rows whose indexed field (Id, external ids, references) holds the value; text in any case."""
        return self.tables[entity].live_with(field, value)

    def select(self, entity: str, predicate: Callable[[Row], bool] | None = None) -> Iterator[Row]:
        """Live rows in order of creation."""
        rows = self.tables[entity].live()
        return rows if predicate is None else filter(predicate, rows)

    def get_schema(self, entity: str) -> EntitySchema:
        """The object with this API name in any case. Raises SalesforceRefusal NOT_FOUND."""
        schema = self.find_schema(entity)
        if schema is None:
            raise SalesforceRefusal("NOT_FOUND", "The requested resource does not exist", status=404)
        return schema

    def find_schema(self, entity: str) -> EntitySchema | None:
        found = self.schema.get(entity)
        if found is not None:
            return found
        folded = entity.lower()
        return next((schema for name, schema in self.schema.items() if name.lower() == folded), None)

    def references_to(self, entity: str) -> Sequence[tuple[str, FieldSchema]]:
        """The lookups of other objects that point at this one, with what happens to them when it is
        deleted."""
        return [
            (schema.name, field)
            for schema in self.schema.values()
            for field in schema.fields
            if entity in field.reference_to
        ]

    def next_id(self, entity: str) -> str:
        return self._ids.next_id(entity)

    def next_number(self, entity: str, field: str) -> int:
        key = (entity, field)
        self._numbers[key] = self._numbers.get(key, 1000 if entity == "Case" else 0) + 1
        return self._numbers[key]

    def restore(self, commit: Commit, *, apply: bool = True) -> None:
        """Take back a commit from the log: its rows if `apply`, and its place in the change feed while it is
        young."""
        if apply:
            stamp = format_instant(commit.at.replace(microsecond=0))
            for change in commit.changes:
                gone = {
                    **(change.before or {}),
                    "IsDeleted": True,
                    "SystemModstamp": stamp,
                    "LastModifiedDate": stamp,
                }
                self.restore_row(change.entity, change.after or gone)
        self.last_commit_number = max(self.last_commit_number, commit.number)
        if commit.at >= self.now() - self.retention:
            self.commits.append(commit)

    def restore_row(self, entity: str, row: Row) -> None:
        """Take back a row from the log, with the counters that it used up."""
        if entity not in self.tables:
            return
        self.tables[entity].put(row)
        self._ids.note(entity, row["Id"])
        for field in self.schema[entity].fields:
            if field.auto_number is not None and field.name in row:
                used = int("".join(filter(str.isdigit, row[field.name])) or 0)
                key = (entity, field.name)
                self._numbers[key] = max(self._numbers.get(key, 0), used)

    def open_blobs(self, blobs: Blobs) -> None:
        """Keep contents of files there from now on. Called once, when the rows have been restored."""
        rows = ((name, row) for name, table in self.tables.items() for row in table.rows.values())
        blobs.prune(self._list_blobs(rows))
        self.blobs = blobs

    def _commit(self, transaction: Transaction) -> None:
        changes = transaction.changes()
        # Before the log: a row in it must never refer to a content that is not there.
        self.blobs.keep(self._list_blobs((change.entity, change.after or {}) for change in changes))
        if not changes:
            return
        self.last_commit_number += COMMIT_NUMBER_STEP
        commit = Commit(
            number=self.last_commit_number,
            at=transaction.at,
            user_id=transaction.user_id,
            origin=transaction.origin,
            transaction_key=transaction.key,
            changes=changes,
        )
        self.commits.append(commit)
        self._drop_old_commits()
        if self.log is not None:
            self.log.append(commit)
        for listener in self._listeners:
            listener(commit)

    def _list_blobs(self, rows: Iterable[tuple[str, Row]]) -> set[str]:
        """The digests that these rows of the named objects refer to."""
        return {row[name] for entity, row in rows for name in self.schema[entity].blob_fields if name in row}

    def _drop_old_commits(self) -> None:
        oldest = self.now() - self.retention
        kept = 0
        while kept < len(self.commits) and self.commits[kept].at < oldest:
            kept += 1
        del self.commits[:kept]
