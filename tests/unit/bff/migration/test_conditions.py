"""Each condition bars its phase alone, and says so; together they let it be left."""

from typing import Any

import pytest

from bff.migration.conditions import CONDITIONS, Condition, Measures, find_blocker
from bff.migration.phases import Phase

GOOD: dict[str, Any] = {
    "salesforce_answers": True,
    "since_change_s": 2.0,
    "rows": 10,
    "moved": 10,
    "waiting": 0,
    "reported": 0,
    "ignored": 0,
    "uncopied": 0,
    "unverified": 0,
    "deliveries_waiting": 0,
    "deliveries_parked": 0,
    "passes_clean": 2,
    "clean_since_phase": True,
    "compared": 100_000,
    "mismatched": 0,
    "percent": 100,
    "wanted_reads": 100_000,
}
BAD: dict[str, list[dict[str, Any]]] = {
    "salesforce answers": [{"salesforce_answers": False}],
    "every process has had time to follow": [{"since_change_s": 1.9}],
    "every document is moved": [{"moved": 9}, {"waiting": 1}, {"reported": 1}],
    "nothing waits for Salesforce": [{"deliveries_waiting": 1}, {"deliveries_parked": 1}],
    "two clean full passes in a row, both begun after the last change by the migration": [
        {"passes_clean": 1}
    ],
    "enough reads compared": [{"compared": 99_999}],
    "no read differed": [{"mismatched": 1}],
    "the table has every upload": [{"uncopied": 1}],
    "every account is answered by Salesforce": [{"percent": 99}],
    "a clean pass since": [{"clean_since_phase": False}],
    "every row is verified": [{"unverified": 1}],
}
CASES = [
    (phase, condition, change)
    for phase, conditions in CONDITIONS.items()
    for condition in conditions
    for change in BAD[condition.name]
]


class TestCondition:
    @pytest.mark.parametrize(
        ("phase", "condition", "change"),
        CASES,
        ids=lambda value: value.name if isinstance(value, Condition) else str(value),
    )
    def test_bars_its_phase_alone(self, phase: Phase, condition: Condition, change: dict[str, Any]) -> None:
        measures = Measures(**GOOD | change)

        assert [each.name for each in CONDITIONS[phase] if not each.holds(measures)] == [condition.name]
        assert find_blocker(phase, measures) == condition.blocker(measures)
        assert condition.blocker(measures).endswith(".")

    @pytest.mark.parametrize("phase", CONDITIONS)
    def test_lets_every_phase_be_left_when_all_hold(self, phase: Phase) -> None:
        assert find_blocker(phase, Measures(**GOOD)) is None
