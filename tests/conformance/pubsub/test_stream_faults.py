"""Every way in which the stream can be made to misbehave does what it says, and ends when it is put back."""

import asyncio

import grpc
import pytest

from sf_sync.emulator.pubsub.control import UnknownAction, UnknownEntity
from tests.conformance.pubsub.desk import ACCOUNT_TOPIC, Desk, get_code

pytestmark = pytest.mark.asyncio


class TestRefusals:
    async def test_unavailable_meets_every_call(self, desk: Desk) -> None:
        desk.faults.stream_unavailable = True

        error = await (await desk.subscribe()).read_refusal()

        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert get_code(error) == "service.unavailable"

    async def test_unauthenticated_meets_live_tokens_too(self, desk: Desk) -> None:
        desk.faults.stream_unauthenticated = True

        error = await (await desk.subscribe()).read_refusal()

        assert error.code() is grpc.StatusCode.UNAUTHENTICATED

    async def test_missing_topic_is_not_found_until_it_is_back(self, desk: Desk) -> None:
        desk.faults.change({"stream_missing_topics": [ACCOUNT_TOPIC]})
        error = await (await desk.subscribe()).read_refusal()

        desk.faults.reset()

        assert error.code() is grpc.StatusCode.NOT_FOUND
        assert await desk.subscribe_live()

    async def test_expired_replay_ids_are_refused_while_other_starts_work(self, desk: Desk) -> None:
        desk.insert_accounts(1)
        (event,) = await (await desk.subscribe(earliest=True)).read_events(1)
        desk.faults.stream_replay_expired = True

        error = await (await desk.subscribe(after=event.replay_id)).read_refusal()

        assert get_code(error) == "subscription.fetch.replayid.corrupted"
        assert len(await (await desk.subscribe(earliest=True)).read_events(1)) == 1

    async def test_schemas_can_be_out_of_reach(self, desk: Desk) -> None:
        desk.insert_accounts(1)
        (event,) = await (await desk.subscribe(earliest=True)).read_events(1)
        desk.faults.stream_schema_unavailable = True

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.decode(event)

        assert get_code(caught.value) == "schema.api.unavailable"

    async def test_delivery_limit_ends_the_stream_once_it_is_used_up(self, desk: Desk) -> None:
        desk.faults.stream_delivery_limit = 2
        desk.insert_accounts(3)
        stream = await desk.subscribe(earliest=True)

        await stream.read_events(2)

        error = await stream.read_refusal()
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert get_code(error) == "subscription.limit.exceeded"


class TestOpenStreams:
    async def test_drop_cuts_them_and_new_ones_resume(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()
        latest = (await stream.read()).latest_replay_id

        assert desk.act("drop").touched == 1
        error = await stream.read_refusal()
        desk.insert_accounts(1)

        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert len(await (await desk.subscribe(after=latest)).read_events(1)) == 1

    async def test_revoke_ends_them_as_unauthenticated(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()

        desk.act("revoke")

        assert get_code(await stream.read_refusal()) == "service.auth.error"

    async def test_stall_silences_those_of_now_for_good(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()

        desk.act("stall")
        desk.insert_accounts(1)
        other = await desk.subscribe(earliest=True)

        assert len(await other.read_events(1)) == 1
        assert await stream.is_silent(0.3)

    async def test_stalled_switch_silences_all_until_it_is_put_back(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()
        desk.faults.stream_stalled = True
        desk.insert_accounts(1)
        reading = asyncio.create_task(stream.read_events(1))

        done, _ = await asyncio.wait({reading}, timeout=0.3)
        desk.faults.stream_stalled = False

        assert not done
        assert len(await reading) == 1

    async def test_delay_holds_events_back_and_no_keepalive_passes_them(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()
        desk.faults.stream_delay_s = 0.3
        desk.insert_accounts(1)

        early = await stream.read()
        (event,) = await stream.read_events(1)

        assert not early.events
        assert early.latest_replay_id < event.replay_id


class TestChanges:
    async def test_duplicates_come_under_another_replay_id(self, desk: Desk) -> None:
        desk.faults.stream_duplicates = True
        desk.insert_accounts(1)

        first, second = await (await desk.subscribe(earliest=True)).read_events(2)

        assert first.event == second.event
        assert first.replay_id < second.replay_id

    async def test_equal_updates_of_a_transaction_can_come_merged(self, desk: Desk) -> None:
        ids = desk.insert_accounts(3)
        stream = await desk.subscribe_live()
        desk.faults.stream_merge = True

        with desk.org.transaction(user_id=desk.user_id) as transaction:
            for record_id in ids:
                transaction.update("Account", record_id, {"Industry": "Retail"})

        (event,) = await stream.read_events(1)
        datum = await desk.decode(event)
        assert datum["ChangeEventHeader"]["recordIds"] == ids
        assert datum["Industry"] == "Retail"

    async def test_changes_can_come_as_gaps(self, desk: Desk) -> None:
        desk.faults.stream_gaps = True
        record_id = desk.insert("Account", Name="Hana Sato")

        (event,) = await (await desk.subscribe(earliest=True)).read_events(1)

        datum = await desk.decode(event)
        header = datum.pop("ChangeEventHeader")
        assert (header["changeType"], header["recordIds"]) == ("GAP_CREATE", [record_id])
        assert header["changeOrigin"] == ""
        assert set(datum.values()) == {None}


class TestSingleEvents:
    async def test_duplicate_repeats_the_latest_events(self, desk: Desk) -> None:
        desk.insert_accounts(3)
        stream = await desk.subscribe(earliest=True)
        events = await stream.read_events(3)

        assert desk.act("duplicate", count=2).touched == 2

        again = await stream.read_events(2)
        assert [event.event for event in again] == [event.event for event in events[1:]]
        assert again[0].replay_id > events[2].replay_id

    @pytest.mark.parametrize(
        ("action", "change_type", "record_ids"),
        [
            ("gap", "GAP_UPDATE", ["001000000000001AAA"]),
            ("overflow", "GAP_OVERFLOW", ["000000000000000AAA"]),
            ("wildcard", "GAP_UPDATE", ["001*"]),
        ],
    )
    async def test_gaps_carry_ids_and_nothing_else(
        self, desk: Desk, action: str, change_type: str, record_ids: list[str]
    ) -> None:
        stream = await desk.subscribe_live()

        desk.act(action, record_ids=("001000000000001AAA",))

        (event,) = await stream.read_events(1)
        datum = await desk.decode(event)
        header = datum.pop("ChangeEventHeader")
        assert (header["changeType"], header["recordIds"]) == (change_type, record_ids)
        assert set(datum.values()) == {None}

    async def test_merged_names_several_records(self, desk: Desk) -> None:
        ids = desk.insert_accounts(2)
        stream = await desk.subscribe_live()

        desk.act("merged", record_ids=tuple(ids), fields=("Name",))

        (event,) = await stream.read_events(1)
        datum = await desk.decode(event)
        assert datum["ChangeEventHeader"]["recordIds"] == ids
        assert datum["ChangeEventHeader"]["changedFields"] == ["0x02"]
        assert datum["Name"] == "Customer 0"

    async def test_undecodable_cannot_be_read_with_its_schema(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()

        desk.act("undecodable", record_ids=("001000000000001AAA",))

        (event,) = await stream.read_events(1)
        with pytest.raises(EOFError):
            await desk.decode(event)

    async def test_unknown_schema_cannot_be_fetched(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()

        desk.act("unknown-schema", record_ids=("001000000000001AAA",))

        (event,) = await stream.read_events(1)
        with pytest.raises(grpc.aio.AioRpcError):
            await desk.decode(event)

    async def test_changed_schema_moves_every_field_and_leaves_the_old_one_fetchable(
        self, desk: Desk
    ) -> None:
        record_id = desk.insert("Account", Name="Hana Sato", Industry="Retail")
        stream = await desk.subscribe(earliest=True)
        (before,) = await stream.read_events(1)

        schema_id = desk.act("change-schema").schema_id
        desk.update("Account", record_id, Industry="Banking")

        (after,) = await stream.read_events(1)
        assert after.event.schema_id == schema_id != before.event.schema_id
        assert (await desk.decode(before))["Industry"] == "Retail"
        datum = await desk.decode(after)
        assert datum["Industry"] == "Banking"
        assert datum["ChangeEventHeader"]["changedFields"] == ["0x01002000"]

    async def test_expire_refuses_every_id_so_far(self, desk: Desk) -> None:
        desk.insert_accounts(1)
        stream = await desk.subscribe(earliest=True)
        (event,) = await stream.read_events(1)

        desk.act("expire")
        error = await (await desk.subscribe(after=event.replay_id)).read_refusal()
        desk.insert_accounts(1)

        assert get_code(error) == "subscription.fetch.replayid.corrupted"
        (fresh,) = await (await desk.subscribe(earliest=True)).read_events(1)
        assert fresh.replay_id > event.replay_id

    async def test_refuses_what_it_does_not_know(self, desk: Desk) -> None:
        with pytest.raises(UnknownAction, match="drop"):
            desk.act("explode")
        with pytest.raises(UnknownEntity):
            desk.act("gap", entity="User")
