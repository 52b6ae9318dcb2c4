"""Which events a commit becomes."""

from datetime import UTC, datetime

from sf_sync.emulator.changes import Change, Commit
from sf_sync.emulator.events.drafts import MOST_CHANGES, OVERFLOW_ID, plan_events
from sf_sync.emulator.events.event import LARGEST_EVENT, Event
from sf_sync.emulator.events.schemas import EventSchemas
from sf_sync.emulator.schema.catalogue import ENTITIES

SCHEMAS = EventSchemas(ENTITIES).current


def make_commit(*changes: Change) -> Commit:
    return Commit(
        number=11_700_000_003,
        at=datetime(2026, 11, 21, tzinfo=UTC),
        user_id="005Dp0000000003IAA",
        origin="",
        transaction_key="3d0f",
        changes=changes,
    )


def make_update(record_id: str, before: dict[str, object], after: dict[str, object]) -> Change:
    changed = frozenset(name for name in before | after if before.get(name) != after.get(name))
    return Change(
        entity="Account", record_id=record_id, kind="UPDATE", changed=changed, before=before, after=after
    )


class TestPlan:
    def test_passes_over_objects_without_change_events(self) -> None:
        user = Change(
            entity="User",
            record_id="005",
            kind="CREATE",
            changed=frozenset(),
            before=None,
            after={"Id": "005"},
        )

        assert plan_events(make_commit(user), SCHEMAS) == []

    def test_keeps_updates_of_other_values_apart_when_merging(self) -> None:
        commit = make_commit(
            make_update("001A", {"Name": "a"}, {"Name": "x"}),
            make_update("001B", {"Name": "b"}, {"Name": "x"}),
            make_update("001C", {"Name": "c"}, {"Name": "y"}),
        )

        drafts = plan_events(commit, SCHEMAS, merge=True)

        assert [draft.header["recordIds"] for draft in drafts] == [["001A", "001B"], ["001C"]]
        assert [draft.header["sequenceNumber"] for draft in drafts] == [1, 2]

    def test_names_the_modification_date_though_it_did_not_move(self) -> None:
        stamp = {"LastModifiedDate": "2026-11-21T00:00:00.000+0000"}
        commit = make_commit(make_update("001A", {"Phone": "1", **stamp}, {"Phone": "2", **stamp}))

        (draft,) = plan_events(commit, SCHEMAS)

        assert draft.header["changedFields"] == ["0x800080"]
        assert draft.body["LastModifiedDate"] == 1_795_219_200_000

    def test_gives_a_first_long_text_whole(self) -> None:
        text = "x" * 2_000
        commit = make_commit(make_update("001A", {}, {"Description": text}))

        (draft,) = plan_events(commit, SCHEMAS)

        assert draft.body["Description"] == text
        assert draft.header["diffFields"] == []


class TestOverflow:
    def test_tells_one_event_for_each_object_and_counts_changed_fields(self) -> None:
        before: dict[str, object] = {"Id": "001A"}
        after = before | {f"Field{number}": 1 for number in range(MOST_CHANGES)}
        case = Change(
            entity="Case",
            record_id="500A",
            kind="CREATE",
            changed=frozenset(),
            before=None,
            after={"Id": "500A"},
        )

        drafts = plan_events(make_commit(make_update("001A", before, after), case), SCHEMAS)

        assert [draft.header["changeType"] for draft in drafts] == ["GAP_OVERFLOW", "GAP_OVERFLOW"]
        assert [draft.header["entityName"] for draft in drafts] == ["Account", "Case"]
        assert drafts[0].header["recordIds"] == [OVERFLOW_ID]


class TestLargeEvent:
    def test_becomes_a_gap(self) -> None:
        commit = make_commit(make_update("001A", {}, {"Description": "x" * LARGEST_EVENT}))
        (draft,) = plan_events(commit, SCHEMAS)
        event = Event(position=1, at=commit.at, schema=draft.schema, header=draft.header, body=draft.body)

        assert len(event.encode_payload()) < 1_000
