from datetime import UTC, datetime, timedelta

import pytest

from sf_sync.feed.liveness import Liveness

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def make_liveness() -> Liveness:
    return Liveness(live_after_s=5, caught_up_lag_s=30, watchdog_s=300)


class TestLiveness:
    def test_is_not_live_before_there_is_a_stream(self) -> None:
        assert not make_liveness().is_live(at(0))

    def test_is_not_live_when_it_has_only_just_connected(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))

        assert not liveness.is_live(at(4.9))

    def test_is_live_when_a_new_stream_stays_quiet(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))

        assert liveness.is_live(at(5))

    def test_is_live_at_once_after_a_keepalive(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(0.1), has_events=False, committed_at=None)

        assert liveness.is_live(at(0.1))

    def test_is_live_after_a_fresh_event(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(1), has_events=True, committed_at=at(0.8))

        assert liveness.is_live(at(1))
        assert liveness.lag == timedelta(seconds=0.2)

    def test_is_not_live_while_it_delivers_a_backlog(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(1), has_events=True, committed_at=at(-3_600))

        assert not liveness.is_live(at(1))

    def test_is_no_longer_live_when_events_come_late(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(1), has_events=True, committed_at=at(1))
        liveness.responded(at(100), has_events=True, committed_at=at(60))

        assert not liveness.is_live(at(100))

    @pytest.mark.parametrize(("came_at", "is_live"), [(1, False), (100, True)])
    def test_learns_nothing_from_events_that_cannot_be_read(self, came_at: float, is_live: bool) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(came_at), has_events=True, committed_at=None)

        assert liveness.is_live(at(came_at)) == is_live

    def test_dies_with_the_watchdog(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(1), has_events=False, committed_at=None)

        assert liveness.is_live(at(301))
        assert not liveness.is_live(at(301.1))

    def test_is_not_live_after_the_stream_ended(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.responded(at(1), has_events=False, committed_at=None)
        liveness.away()

        assert not liveness.is_live(at(1))

    def test_does_not_trust_quiet_after_a_stream_that_died_in_silence(self) -> None:
        """A server that takes subscriptions and never delivers would look live for most of the time."""
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.away(by_silence=True)
        liveness.subscribed(at(1))
        assert not liveness.is_live(at(100))

        liveness.responded(at(101), has_events=False, committed_at=None)

        assert liveness.is_live(at(101))

    def test_does_not_trust_it_either_when_the_next_one_is_cut(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))
        liveness.away(by_silence=True)
        liveness.away()
        liveness.subscribed(at(1))

        assert not liveness.is_live(at(100))


class TestCoverage:
    def test_is_unknown_at_first(self) -> None:
        assert make_liveness().covered_until is None

    def test_reaches_to_the_newest_event(self) -> None:
        liveness = make_liveness()
        liveness.responded(at(100), has_events=True, committed_at=at(40))

        assert liveness.covered_until == at(40)

    def test_reaches_to_now_with_a_keepalive(self) -> None:
        liveness = make_liveness()
        liveness.responded(at(100), has_events=False, committed_at=None)

        assert liveness.covered_until == at(100)

    def test_never_reaches_into_the_future_of_another_clock(self) -> None:
        liveness = make_liveness()
        liveness.responded(at(100), has_events=True, committed_at=at(400))

        assert liveness.covered_until == at(100)

    def test_never_shrinks(self) -> None:
        liveness = make_liveness()
        liveness.covers(at(50))
        liveness.responded(at(100), has_events=True, committed_at=at(40))

        assert liveness.covered_until == at(50)

    def test_is_not_widened_by_a_stream_that_is_merely_quiet(self) -> None:
        liveness = make_liveness()
        liveness.subscribed(at(0))

        assert liveness.is_live(at(100))
        assert liveness.covered_until is None
