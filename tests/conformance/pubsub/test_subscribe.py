"""Subscribe over a real connection: flow control, replay, keepalives."""

import asyncio
from datetime import timedelta

import grpc
import pytest

from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.pubsub import pubsub_api_pb2 as pb2
from tests.conformance.pubsub.desk import ACCOUNT_TOPIC, Desk, get_code

pytestmark = pytest.mark.asyncio


class TestFlowControl:
    async def test_sends_no_more_than_was_asked_for(self, desk: Desk) -> None:
        desk.insert_accounts(5)

        stream = await desk.subscribe(count=3, earliest=True)

        response = await stream.read()
        assert len(response.events) == 3
        assert response.pending_num_requested == 0
        assert await stream.is_silent(0.2)

    async def test_tells_how_many_events_are_still_owed(self, desk: Desk) -> None:
        desk.insert_accounts(2)

        stream = await desk.subscribe(count=10, earliest=True)

        assert (await stream.read()).pending_num_requested == 8

    async def test_further_requests_add_to_what_is_owed(self, desk: Desk) -> None:
        desk.insert_accounts(5)
        stream = await desk.subscribe(count=2, earliest=True)
        await stream.read_events(2)

        await stream.ask(2, topic_name=ACCOUNT_TOPIC)
        await stream.read_events(2)
        await stream.ask(2)

        response = await stream.read()
        assert len(response.events) == 1
        assert response.pending_num_requested == 1

    async def test_owes_a_hundred_events_at_most(self, desk: Desk) -> None:
        desk.insert_accounts(130)
        stream = await desk.subscribe(count=5_000, earliest=True)

        await stream.read_events(100)

        assert await stream.is_silent(0.2)

    @pytest.mark.parametrize("count", [0, -1])
    async def test_refuses_a_request_for_nothing(self, desk: Desk, count: int) -> None:
        stream = await desk.subscribe(count=count)

        error = await stream.read_refusal()

        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert get_code(error) == "subscription.fetch.requested.events.invalid"

    async def test_refuses_another_topic_in_a_later_request(self, desk: Desk) -> None:
        stream = await desk.subscribe()

        await stream.ask(1, topic_name="/data/CaseChangeEvent")

        assert get_code(await stream.read_refusal()) == "subscription.fetch.topic.mismatch"

    @pytest.mark.parametrize("rest", [{"replay_preset": pb2.EARLIEST}, {"replay_id": b"\0" * 10}])
    async def test_refuses_a_second_start(self, desk: Desk, rest: dict[str, object]) -> None:
        stream = await desk.subscribe()

        await stream.ask(1, **rest)

        assert get_code(await stream.read_refusal()) == "subscription.fetch.replay.repeated"

    async def test_ends_when_the_client_closes_its_side(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()

        await stream.call.done_writing()

        assert await stream.call.code() is grpc.StatusCode.OK
        assert not desk.server.streams

    async def test_keeps_a_response_below_three_megabytes(self, desk: Desk) -> None:
        text = "\n".join("x" * 990 for _ in range(32))
        for number in range(120):
            desk.insert("Account", Name=f"Customer {number}", Description=text)

        stream = await desk.subscribe(count=100, earliest=True)

        responses = [await stream.read(), await stream.read()]
        assert sum(len(response.events) for response in responses) == 100
        assert all(0 < response.ByteSize() <= 3_000_000 for response in responses)


class TestIdleClose:
    @pytest.fixture
    def settings(self) -> EmulatorSettings:
        return EmulatorSettings(pubsub_port=0, stream_keepalive_s=0.05, stream_idle_close_s=0.2)

    async def test_closes_a_stream_whose_client_wants_nothing_more(self, desk: Desk) -> None:
        desk.insert_accounts(1)
        stream = await desk.subscribe(count=1, earliest=True)

        await stream.read_events(1)

        async with asyncio.timeout(2):
            assert await stream.call.read() is grpc.aio.EOF

    async def test_keeps_a_stream_that_is_owed_events(self, desk: Desk) -> None:
        stream = await desk.subscribe(count=1)

        for _ in range(8):
            assert not (await stream.read()).events


class TestReplay:
    async def test_latest_gives_only_what_comes_after(self, desk: Desk) -> None:
        desk.insert_accounts(2)
        stream = await desk.subscribe_live()

        account_id = desk.insert("Account", Name="Later")

        (event,) = await stream.read_events(1)
        datum = await desk.decode(event)
        assert datum["ChangeEventHeader"]["recordIds"] == [account_id]

    async def test_earliest_gives_everything_that_is_kept(self, desk: Desk) -> None:
        ids = desk.insert_accounts(3)

        events = await (await desk.subscribe(earliest=True)).read_events(3)

        headers = [(await desk.decode(event))["ChangeEventHeader"] for event in events]
        assert [header["recordIds"] for header in headers] == [[record_id] for record_id in ids]

    async def test_custom_resumes_after_the_given_event(self, desk: Desk) -> None:
        desk.insert_accounts(5)
        events = await (await desk.subscribe(earliest=True)).read_events(5)

        again = await (await desk.subscribe(after=events[2].replay_id)).read_events(2)

        assert list(again) == events[3:]

    async def test_replay_ids_are_ten_bytes_and_grow_with_gaps(self, desk: Desk) -> None:
        desk.insert_accounts(3)

        ids = [event.replay_id for event in await (await desk.subscribe(earliest=True)).read_events(3)]

        numbers = [int.from_bytes(replay_id[:8], "big") for replay_id in ids]
        assert all(len(replay_id) == 10 and replay_id.endswith(b"\0\0") for replay_id in ids)
        assert numbers == sorted(numbers)
        assert numbers[1] - numbers[0] > 1

    @pytest.mark.parametrize("replay_id", [b"1234", b"\xff" * 10, b"\0" * 10, b"\x01" + b"\0" * 9])
    async def test_refuses_what_never_was_a_replay_id(self, desk: Desk, replay_id: bytes) -> None:
        stream = await desk.subscribe(after=replay_id)

        error = await stream.read_refusal()

        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert get_code(error) == "subscription.fetch.replayid.corrupted"

    async def test_refuses_custom_without_an_id(self, desk: Desk) -> None:
        stream = await desk.subscribe(after=b"")

        assert get_code(await stream.read_refusal()) == "subscription.fetch.replayid.validation.failed"

    async def test_refuses_an_id_older_than_the_retention(self, desk: Desk) -> None:
        desk.insert_accounts(1)
        (event,) = await (await desk.subscribe(earliest=True)).read_events(1)

        now = desk.org.now
        desk.org.now = lambda: now() + timedelta(hours=73)

        stream = await desk.subscribe(after=event.replay_id)
        assert get_code(await stream.read_refusal()) == "subscription.fetch.replayid.corrupted"

    async def test_a_restarted_org_gives_the_same_events_and_takes_the_same_ids(self, desk: Desk) -> None:
        desk.insert_accounts(3)
        before = await (await desk.subscribe(earliest=True)).read_events(3)

        await desk.restart()

        assert await (await desk.subscribe(earliest=True)).read_events(3) == before
        assert await (await desk.subscribe(after=before[0].replay_id)).read_events(2) == before[1:]


class TestKeepalive:
    async def test_comes_without_events_while_some_are_owed(self, desk: Desk) -> None:
        stream = await desk.subscribe(count=7)

        response = await stream.read()

        assert not response.events
        assert response.pending_num_requested == 7
        assert response.rpc_id

    async def test_moves_on_with_what_other_topics_get(self, desk: Desk) -> None:
        stream = await desk.subscribe_live("/data/CaseChangeEvent")
        before = (await stream.read()).latest_replay_id

        desk.insert_accounts(1)

        assert (await stream.read()).latest_replay_id > before

    async def test_its_id_outlives_the_retention_of_the_last_event(self, desk: Desk) -> None:
        desk.insert_accounts(1)
        stream = await desk.subscribe_live()
        old = (await stream.read()).latest_replay_id

        now = desk.org.now
        desk.org.now = lambda: now() + timedelta(hours=80)
        await stream.read()
        fresh = (await stream.read()).latest_replay_id
        desk.insert_accounts(1)

        assert len(await (await desk.subscribe(after=fresh)).read_events(1)) == 1
        late = await desk.subscribe(after=old)
        assert get_code(await late.read_refusal()) == "subscription.fetch.replayid.corrupted"

    async def test_resuming_from_it_misses_nothing(self, desk: Desk) -> None:
        stream = await desk.subscribe_live()
        latest = (await stream.read()).latest_replay_id

        desk.insert_accounts(2)

        assert len(await (await desk.subscribe(after=latest)).read_events(2)) == 2
