"""The hand-written bytes are those that the generated classes write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_sync.emulator.events.frames import format_event_frame, format_fetch_response, format_varint
from sf_sync.pubsub import pubsub_api_pb2 as pb2


class TestFetchResponse:
    @given(
        payloads=st.lists(st.binary(max_size=400), max_size=4),
        latest=st.binary(min_size=10, max_size=10),
        pending=st.integers(min_value=0, max_value=200),
    )
    def test_is_byte_for_byte_that_of_the_generated_class(
        self, payloads: list[bytes], latest: bytes, pending: int
    ) -> None:
        frames = [
            format_event_frame(event_id="e", schema_id="s", payload=payload, replay_id=latest)
            for payload in payloads
        ]
        events = [
            pb2.ConsumerEvent(
                event=pb2.ProducerEvent(id="e", schema_id="s", payload=payload), replay_id=latest
            )
            for payload in payloads
        ]

        written = format_fetch_response(frames, latest=latest, rpc_id=b"rpc", pending=pending)

        response = pb2.FetchResponse(
            events=events, latest_replay_id=latest, rpc_id="rpc", pending_num_requested=pending
        )
        assert written == response.SerializeToString(deterministic=True)


class TestVarint:
    @pytest.mark.parametrize(
        ("number", "raw"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")]
    )
    def test_is_base_128_with_the_low_digits_first(self, number: int, raw: bytes) -> None:
        assert format_varint(number) == raw
