from datetime import UTC, datetime, timedelta

import pytest

from bff.deliveries.outcomes import DeliveryState, Retry, Unknown
from bff.deliveries.rules import CAP_S, PARK_AFTER_S, PARKED_EVERY_S, UNKNOWN_FLOOR_S, NextTry, plan_next_try

AT = datetime(2026, 1, 1, tzinfo=UTC)


def plan(
    outcome: Retry | Unknown, *, attempts: int = 1, age_s: float = 1, chance: float = 0.999999
) -> NextTry:
    now = AT + timedelta(seconds=age_s)
    return plan_next_try(outcome, attempts=attempts, created_at=AT, now=now, chance=chance)


class TestRetryPlan:
    @pytest.mark.parametrize(
        ("attempts", "ceiling_s"), [(1, 1), (2, 2), (3, 4), (6, 30), (60, 30), (6000, 30)]
    )
    def test_doubles_its_ceiling_up_to_thirty_seconds(self, attempts: int, ceiling_s: float) -> None:
        assert plan(Retry("away"), attempts=attempts).after_s == pytest.approx(ceiling_s, rel=0.01)

    def test_spreads_a_crowd_from_at_once_on(self) -> None:
        assert plan(Retry("away"), attempts=8, chance=0.0).after_s == 0
        assert plan(Retry("away"), attempts=8, chance=0.5).after_s == CAP_S / 2

    def test_waits_as_long_as_it_was_asked_to(self) -> None:
        assert plan(Retry("limit", after_s=60), chance=0.0).after_s == 60

    def test_gives_an_unanswered_call_time_to_take_effect(self) -> None:
        assert plan(Unknown("no answer"), chance=0.0).after_s == UNKNOWN_FLOOR_S

    def test_parks_after_a_quarter_of_an_hour_and_goes_on_trying(self) -> None:
        before, after = plan(Retry("away"), age_s=PARK_AFTER_S - 1), plan(Retry("away"), age_s=PARK_AFTER_S)

        assert before.state is DeliveryState.WAITING
        assert after.state is DeliveryState.PARKED
        assert PARKED_EVERY_S / 2 <= after.after_s <= PARKED_EVERY_S
