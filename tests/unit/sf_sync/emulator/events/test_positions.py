"""Replay ids: order, shape, and the times that can be read from them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sf_sync.emulator.events.positions import (
    MAX_SEQUENCE,
    ReplayIdMalformed,
    find_idle_time,
    format_replay_id,
    get_commit_number,
    get_event_position,
    get_idle_position,
    parse_replay_id,
)

COMMIT = 11_700_000_003
AT = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


class TestOrder:
    def test_is_that_of_sequence_then_idle_time_then_the_next_commit(self) -> None:
        positions = [
            get_event_position(COMMIT, 1),
            get_event_position(COMMIT, 2),
            get_event_position(COMMIT, MAX_SEQUENCE),
            get_idle_position(COMMIT, AT),
            get_idle_position(COMMIT, AT + timedelta(minutes=1)),
            get_event_position(COMMIT + 1, 1),
        ]

        assert positions == sorted(set(positions))

    def test_leaves_room_between_events(self) -> None:
        assert get_event_position(COMMIT, 2) - get_event_position(COMMIT, 1) > 1

    @pytest.mark.parametrize("sequence", [0, MAX_SEQUENCE + 1])
    def test_has_no_place_beyond_the_commit(self, sequence: int) -> None:
        with pytest.raises(ValueError, match="room"):
            get_event_position(COMMIT, sequence)


class TestIdleTime:
    def test_is_read_from_the_position_to_the_minute(self) -> None:
        position = get_idle_position(COMMIT, AT + timedelta(seconds=59))

        assert find_idle_time(position) == AT
        assert get_commit_number(position) == COMMIT

    def test_is_unknown_for_an_event(self) -> None:
        assert find_idle_time(get_event_position(COMMIT, 5)) is None


class TestReplayId:
    @given(st.integers(min_value=0, max_value=2**63 - 1))
    def test_comes_back_as_it_went(self, position: int) -> None:
        replay_id = format_replay_id(position)

        assert len(replay_id) == 10
        assert parse_replay_id(replay_id) == position

    @given(st.binary(max_size=12).filter(lambda raw: len(raw) != 10 or raw[8:] != b"\0\0" or raw[0] > 0x7F))
    def test_refuses_other_bytes(self, raw: bytes) -> None:
        with pytest.raises(ReplayIdMalformed):
            parse_replay_id(raw)
