"""How often the tasks run that make up for killed processes."""

from datetime import UTC, datetime

import pytest
from croniter import croniter

from bff.deliveries import tasks as _deliveries  # noqa: F401  (registers its tasks)
from bff.jobs import tasks
from bff.orders import tasks as _orders  # noqa: F401  (registers its tasks)

NOON = datetime(2026, 1, 1, 12, 7, 3, tzinfo=UTC)
EVERY_S = {
    "sweep_deliveries": 10,
    "revive_stalled": 15,
    "sweep_doubtful_orders": 10,
    "sweep_order_reviews": 60,
}


@pytest.mark.parametrize("name", EVERY_S)
def test_repairs_come_often_enough(name: str) -> None:
    (periodic,) = (one for one in tasks.periodic_registry.periodic_tasks.values() if one.task.name == name)
    times = croniter(periodic.cron, NOON)
    first, second = times.get_next(datetime), times.get_next(datetime)

    assert (first - NOON).total_seconds() <= EVERY_S[name]
    assert (second - first).total_seconds() == EVERY_S[name]
