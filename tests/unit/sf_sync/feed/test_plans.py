"""The feed's other pure decisions: where to resume, from when to poll, what mode to show."""

from datetime import UTC, datetime, timedelta

import pytest

from sf_sync.feed.polling import Lookback, pick_new, pick_settled, plan_lookback
from sf_sync.feed.positions import UNKNOWN_HISTORY, Held, Position, ResumeAfter, StartOver, plan_resume
from sf_sync.feed.state import FeedMode, plan_mode
from sf_sync.feed.topics import ChangedRecord

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


SAVED = Position(b"\x09", at(0))
RING = tuple(
    Position(bytes([number]), at(-10 * (9 - number))) for number in range(9)
)  # \x00 at -90 s … \x08 at -10 s


class TestPlanResume:
    def test_goes_on_from_the_position(self) -> None:
        held = Held(position=SAVED, ring=RING, history="a")

        assert plan_resume(held, history="a", margin_s=60) == ResumeAfter(SAVED)

    def test_starts_over_without_a_position(self) -> None:
        assert plan_resume(Held(position=None), history="a", margin_s=60) == StartOver("no_position")

    def test_goes_back_by_the_margin_when_redis_has_another_history(self) -> None:
        held = Held(position=SAVED, ring=RING, history="a")

        assert plan_resume(held, history="b", margin_s=60) == ResumeAfter(Position(b"\x03", at(-60)))

    def test_believes_the_position_when_redis_does_not_tell_its_history(self) -> None:
        held = Held(position=SAVED, ring=RING, history="a")

        assert plan_resume(held, history=UNKNOWN_HISTORY, margin_s=60) == ResumeAfter(SAVED)

    def test_starts_over_when_the_history_changed_and_no_ring_entry_is_old_enough(self) -> None:
        held = Held(position=SAVED, ring=RING[4:], history="a")

        assert plan_resume(held, history="b", margin_s=60) == StartOver("young_position")


class TestPlanLookback:
    @pytest.mark.parametrize(
        ("covered_until", "lookback"),
        [
            pytest.param(at(-20), Lookback(at(-320), forget_all=False), id="a while ago"),
            pytest.param(at(-3_600), Lookback(at(-3_900), forget_all=False), id="just within reach"),
            pytest.param(at(-3_601), Lookback(at(-300), forget_all=True), id="out of reach"),
            pytest.param(None, Lookback(at(-300), forget_all=True), id="never"),
            pytest.param(at(50), Lookback(at(-300), forget_all=False), id="in the future, by another clock"),
        ],
    )
    def test_starts_an_overlap_before_what_was_covered(
        self, covered_until: datetime | None, lookback: Lookback
    ) -> None:
        assert plan_lookback(covered_until, now=at(0), overlap_s=300, reach_s=3_600) == lookback


class TestPickNew:
    ROW = ChangedRecord("001000000000001AAA", at(-100))

    def test_passes_over_a_row_seen_settled_in_the_same_state(self) -> None:
        assert pick_new([self.ROW], pick_settled([self.ROW], now=at(0))) == []

    def test_takes_a_row_that_changed_again(self) -> None:
        later = ChangedRecord(self.ROW.record_id, at(-50))

        assert pick_new([later], pick_settled([self.ROW], now=at(0))) == [self.ROW.record_id]

    def test_takes_a_row_again_that_was_young_when_seen(self) -> None:
        """SystemModstamp counts seconds: a second change within one shows the same value."""
        young = ChangedRecord(self.ROW.record_id, at(-1))

        assert pick_new([young], pick_settled([young], now=at(0))) == [young.record_id]


class TestPlanMode:
    @pytest.mark.parametrize(
        ("is_live", "is_subscribed", "is_polling", "mode"),
        [
            (True, True, False, FeedMode.LIVE),
            (True, True, True, FeedMode.LIVE),
            (False, True, True, FeedMode.POLLING),
            (False, False, True, FeedMode.POLLING),
            (False, True, False, FeedMode.RECONCILING),
            (False, False, False, FeedMode.STALE),
        ],
    )
    def test_follows_the_table(
        self, is_live: bool, is_subscribed: bool, is_polling: bool, mode: FeedMode
    ) -> None:
        assert plan_mode(is_live=is_live, is_subscribed=is_subscribed, is_polling=is_polling) == mode
