"""What a committed transaction did: the record of it that the change feed, the journal and the log are made
from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from sf_sync.emulator.schema.model import Row

ChangeKind = Literal["CREATE", "UPDATE", "DELETE", "UNDELETE"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction did to one record. `before` and `after` are whole rows without their null fields;
    `changed` names every field that differs (for an UPDATE at least LastModifiedDate)."""

    entity: str
    record_id: str
    kind: ChangeKind
    changed: frozenset[str]
    before: Row | None
    after: Row | None


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One committed transaction. Numbers grow, with gaps."""

    number: int
    at: datetime
    user_id: str
    origin: str
    transaction_key: str
    changes: tuple[Change, ...]


def describe_change(
    entity: str, record_id: str, kind: ChangeKind, before: Row | None, after: Row | None
) -> Change:
    changed = changed_fields(before, after)
    if kind == "UPDATE":
        # Two updates within a second bear one stamp, and the event names it all the same.
        changed |= {"LastModifiedDate"}
    return Change(entity=entity, record_id=record_id, kind=kind, changed=changed, before=before, after=after)


def changed_fields(before: Row | None, after: Row | None) -> frozenset[str]:
    if before is None or after is None:
        return frozenset(after or ())
    names = before.keys() | after.keys()
    return frozenset(name for name in names if before.get(name) != after.get(name))


def merge_changes(steps: Iterable[Change]) -> tuple[Change, ...]:
    """One change for each record: the first kind, the first `before`, the last `after`. A record that was
    created and deleted in one transaction leaves nothing."""
    merged: dict[tuple[str, str], Change] = {}
    for step in steps:
        key = (step.entity, step.record_id)
        first = merged.get(key)
        merged[key] = step if first is None else _follow(first, step)
    return tuple(change for change in merged.values() if not _came_and_went(change))


def _follow(first: Change, step: Change) -> Change:
    kind = first.kind
    if step.kind == "DELETE":
        kind = "DELETE"
    elif kind == "DELETE":
        kind = "UPDATE"
    return describe_change(first.entity, first.record_id, kind, first.before, step.after)


def _came_and_went(change: Change) -> bool:
    return change.kind == "DELETE" and change.before is None
