"""The breaker, with the clock in the test's hand."""

import time

import pytest

from sf_sync.client.breaker import Breaker, BreakerState
from sf_sync.errors import SalesforceBreakerOpen


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def report(breaker: Breaker, *, healthy: bool) -> None:
    with breaker.admit() as permit:
        permit.report(healthy=healthy)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(3):
        report(breaker, healthy=False)
    return breaker


class TestBreaker:
    def test_opens_at_the_third_failure_in_a_row(self, clock: Clock) -> None:
        breaker = Breaker(clock=clock)
        for healthy in (False, False, True, False, False):
            report(breaker, healthy=healthy)
        assert breaker.state is BreakerState.CLOSED

        report(breaker, healthy=False)

        assert breaker.state is BreakerState.OPEN

    def test_tells_how_long_it_stays_open(self, opened: Breaker, clock: Clock) -> None:
        clock.now += 3.0

        with pytest.raises(SalesforceBreakerOpen) as refusal:
            opened.admit()

        assert refusal.value.retry_after_s == 7.0

    def test_refuses_in_microseconds(self, opened: Breaker) -> None:
        began = time.perf_counter()
        for _ in range(1_000):
            with pytest.raises(SalesforceBreakerOpen):
                opened.refuse_if_open()

        assert (time.perf_counter() - began) / 1_000 < 0.0005

    def test_lets_one_trial_through_after_ten_seconds(self, opened: Breaker, clock: Clock) -> None:
        clock.now += 10.0
        assert opened.state is BreakerState.HALF_OPEN

        with opened.admit() as permit:
            assert permit.is_trial
            with pytest.raises(SalesforceBreakerOpen):
                opened.admit()

    def test_closes_when_the_trial_is_answered(self, opened: Breaker, clock: Clock) -> None:
        clock.now += 10.0
        report(opened, healthy=True)

        assert opened.state is BreakerState.CLOSED
        with opened.admit() as permit:
            assert not permit.is_trial

    def test_stays_open_when_the_trial_fails(self, opened: Breaker, clock: Clock) -> None:
        clock.now += 10.0
        report(opened, healthy=False)

        assert opened.state is BreakerState.OPEN
        clock.now += 10.0
        assert opened.state is BreakerState.HALF_OPEN

    def test_gives_the_trial_on_when_its_caller_gives_up(self, opened: Breaker, clock: Clock) -> None:
        clock.now += 10.0
        with opened.admit():
            pass

        with opened.admit() as permit:
            assert permit.is_trial

    def test_ignores_calls_from_before_it_opened(self, clock: Clock) -> None:
        breaker = Breaker(clock=clock)
        early, late = breaker.admit(), breaker.admit()
        for _ in range(3):
            report(breaker, healthy=False)
        clock.now += 9.0

        with early:
            early.report(healthy=True)
        assert breaker.state is BreakerState.OPEN
        with late:
            late.report(healthy=False)
        clock.now += 1.0

        assert breaker.state is BreakerState.HALF_OPEN
