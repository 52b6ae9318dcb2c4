"""From a commit to its events: which there are, in which order, and what each says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from sf_sync.emulator.avro.diff import format_diff, is_diffed
from sf_sync.emulator.avro.schema import EventSchema
from sf_sync.emulator.changes import Change, Commit
from sf_sync.emulator.events.event import make_gap_header

OVERFLOW_ID = "000000000000000AAA"
MOST_CHANGES = 100_000
"""A transaction with more than this is told by one overflow event for each object; each changed field counts."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An event without its place in the log."""

    schema: EventSchema
    header: dict[str, Any]
    body: Mapping[str, Any]


def plan_events(
    commit: Commit, schemas: Mapping[str, EventSchema], *, merge: bool = False, gaps: bool = False
) -> list[Draft]:
    """The events of a commit in their sequence. `merge` tells equal updates of several records as one event,
    `gaps` tells every change as a gap."""
    changes = [change for change in commit.changes if change.entity in schemas]
    if sum(map(_weigh, changes)) > MOST_CHANGES:
        return _plan_overflow(commit, schemas, changes)
    groups = _group_equal(changes) if merge else [[change] for change in changes]
    drafts = [
        _plan_event(commit, schemas[group[0].entity], group, sequence)
        for sequence, group in enumerate(groups, start=1)
    ]
    return [turn_into_gap(draft) for draft in drafts] if gaps else drafts


def make_header(
    commit: Commit, *, entity: str, record_ids: Sequence[str], change_type: str, sequence: int
) -> dict[str, Any]:
    """The header of an event that names no fields."""
    return {
        "entityName": entity,
        "recordIds": list(record_ids),
        "changeType": change_type,
        "changeOrigin": commit.origin,
        "transactionKey": commit.transaction_key,
        "sequenceNumber": sequence,
        "commitTimestamp": round(commit.at.timestamp() * 1000),
        "commitNumber": commit.number,
        "commitUser": commit.user_id,
        "nulledFields": [],
        "diffFields": [],
        "changedFields": [],
    }


def turn_into_gap(draft: Draft) -> Draft:
    return Draft(schema=draft.schema, header=make_gap_header(draft.header), body={})


def _weigh(change: Change) -> int:
    return len(change.changed) if change.kind == "UPDATE" else 1


def _plan_overflow(
    commit: Commit, schemas: Mapping[str, EventSchema], changes: Iterable[Change]
) -> list[Draft]:
    entities = dict.fromkeys(change.entity for change in changes)
    return [
        Draft(
            schema=schemas[entity],
            header=make_header(
                commit,
                entity=entity,
                record_ids=[OVERFLOW_ID],
                change_type="GAP_OVERFLOW",
                sequence=sequence,
            ),
            body={},
        )
        for sequence, entity in enumerate(entities, start=1)
    ]


def _group_equal(changes: Iterable[Change]) -> Iterator[list[Change]]:
    return (list(group) for _, group in groupby(changes, key=_merge_key))


def _merge_key(change: Change) -> object:
    if change.kind != "UPDATE" or change.after is None:
        return change.record_id
    return change.entity, {name: change.after.get(name) for name in change.changed}


def _plan_event(commit: Commit, schema: EventSchema, group: Sequence[Change], sequence: int) -> Draft:
    change = group[0]
    header = make_header(
        commit,
        entity=change.entity,
        record_ids=[member.record_id for member in group],
        change_type=change.kind,
        sequence=sequence,
    )
    if change.kind == "DELETE" or change.after is None:
        return Draft(schema=schema, header=header, body={})
    if change.kind == "UPDATE":
        return _plan_update(schema, header, change, change.after)
    return Draft(schema=schema, header=header, body=schema.fill(change.after, change.after))


def _plan_update(
    schema: EventSchema, header: dict[str, Any], change: Change, after: Mapping[str, Any]
) -> Draft:
    # Two writes within a second leave LastModifiedDate as it was, and yet every update event carries it.
    changed = change.changed | {"LastModifiedDate"}
    before = change.before or {}
    body = schema.fill(after, changed)
    diffed = [name for name in changed & schema.long_texts if is_diffed(before.get(name), after.get(name))]
    for name in diffed:
        body[name] = format_diff(before[name], after[name])
    header["changedFields"] = schema.mark(changed)
    header["nulledFields"] = schema.mark(name for name in changed if after.get(name) is None)
    header["diffFields"] = schema.mark(diffed)
    return Draft(schema=schema, header=header, body=body)
