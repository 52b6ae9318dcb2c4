"""The API budget: who may go on calling at which share."""

import pytest

from sf_sync.client import ApiBudget, Lane
from sf_sync.errors import RequestLimitReached


def make_budget(used: int, limit: int = 1_000) -> ApiBudget:
    budget = ApiBudget(clock=lambda: 0.0)
    budget.observe({"sforce-limit-info": f"api-usage={used}/{limit}"})
    return budget


def may_call(budget: ApiBudget, lane: Lane) -> bool:
    try:
        budget.claim(lane)
    except RequestLimitReached:
        return False
    return True


class TestApiBudget:
    @pytest.mark.parametrize(
        ("used", "lanes"),
        [
            (0, {Lane.GATE, Lane.CUSTOMER, Lane.BACKGROUND}),
            (799, {Lane.GATE, Lane.CUSTOMER, Lane.BACKGROUND}),
            (800, {Lane.GATE, Lane.CUSTOMER}),
            (949, {Lane.GATE, Lane.CUSTOMER}),
            (950, {Lane.GATE}),
            (1_000, {Lane.GATE}),
            (1_400, {Lane.GATE}),
        ],
    )
    def test_leaves_the_rest_to_more_urgent_lanes(self, used: int, lanes: set[Lane]) -> None:
        budget = make_budget(used)

        assert {lane for lane in Lane if may_call(budget, lane)} == lanes

    @pytest.mark.parametrize(
        ("header", "used", "limit"),
        [
            ("api-usage=18/5000", 18, 5_000),
            ("api-usage=18/5000; per-app-api-usage=17/250(appName=portal)", 18, 5_000),
            ("per-app-api-usage=17/250(appName=portal); api-usage=18/5000", 18, 5_000),
            ("per-app-api-usage=17/250(appName=portal)", 3, 1_000),
            ("api-usage=many/5000", 3, 1_000),
            ("api-usage=5/0", 3, 1_000),
            ("", 3, 1_000),
        ],
    )
    def test_reads_the_header_of_an_answer(self, header: str, used: int, limit: int) -> None:
        budget = make_budget(3)

        budget.observe({"sforce-limit-info": header})

        assert (budget.used, budget.limit) == (used, limit)

    def test_stops_nobody_before_the_first_answer(self) -> None:
        assert may_call(ApiBudget(), Lane.BACKGROUND)

    def test_believes_a_refusal_more_than_the_header(self) -> None:
        budget = make_budget(10)

        budget.observe_exhausted()

        assert not may_call(budget, Lane.CUSTOMER)
        assert may_call(budget, Lane.GATE)

    def test_lets_one_probe_find_out_that_usage_has_sunk(self) -> None:
        now = 0.0
        budget = ApiBudget(probe_s=300.0, clock=lambda: now)
        budget.observe({"sforce-limit-info": "api-usage=990/1000"})
        now = 299.0
        with pytest.raises(RequestLimitReached) as refusal:
            budget.claim(Lane.BACKGROUND)
        assert refusal.value.retry_after_s == 1.0

        now = 300.0

        assert [may_call(budget, Lane.BACKGROUND) for _ in range(2)] == [True, False]
