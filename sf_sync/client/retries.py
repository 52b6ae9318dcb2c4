"""When a failed call is sent again: as data, so that the policy can be read in one place.

Only calls that are idempotent, only before the caller's deadline, and never more than a tenth of all calls:
in a long outage retries must not add to the load. Waits are full jitter (a random share of a doubling, capped
wait).
"""

import random
from collections.abc import Callable, Mapping

from sf_sync.errors import (
    OutcomeUnknown,
    RequestLimitReached,
    RowLocked,
    SalesforceBreakerOpen,
    SalesforceError,
    SalesforceUnavailable,
    ServerFault,
)

BASE_S = 0.5
CAP_S = 30.0

RETRIES: Mapping[type[SalesforceError], int] = {
    SalesforceUnavailable: 3,
    ServerFault: 1,
    RowLocked: 3,
    RequestLimitReached: 2,
    SalesforceBreakerOpen: 0,
    OutcomeUnknown: 0,
    SalesforceError: 0,
}
"""How often a call is sent again after each error; the nearest class counts. `retryable` of the error has a
veto."""


def get_allowed_retries(error: SalesforceError) -> int:
    if not error.retryable:
        return 0
    return next(RETRIES[kind] for kind in type(error).__mro__ if kind in RETRIES)


def plan_wait_s(attempt: int, *, draw: Callable[[], float] = random.random) -> float:
    """Full jitter: `attempt` counts from 0; `draw` gives a number from 0 to 1."""
    return draw() * min(CAP_S, BASE_S * 2.0**attempt)


class RetryBudget:
    """A bucket that each first call fills by `ratio` and each retry empties by one.

    `reserve` is there from the start, so that a process which calls rarely can retry at all.
    """

    def __init__(self, *, ratio: float = 0.1, reserve: float = 3.0, most: float = 10.0) -> None:
        self._ratio = ratio
        self._most = most
        self._tokens = reserve

    def earn(self) -> None:
        self._tokens = min(self._most, self._tokens + self._ratio)

    def spend(self) -> bool:
        """True when a retry may be sent; takes it from the budget."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class RetryPolicy:
    """Decides about one failed try after another; holds the process' retry budget."""

    def __init__(
        self, budget: RetryBudget | None = None, *, draw: Callable[[], float] = random.random
    ) -> None:
        self.budget = budget or RetryBudget()
        self._draw = draw

    def find_wait_s(
        self, error: SalesforceError, *, attempt: int, idempotent: bool, left_s: float
    ) -> float | None:
        """Seconds to wait before sending again; None when the error has to go to the caller."""
        if not idempotent or attempt >= get_allowed_retries(error):
            return None
        told_s = getattr(error, "retry_after_s", None) or 0.0
        wait_s = max(plan_wait_s(attempt, draw=self._draw), told_s)
        if wait_s >= left_s or not self.budget.spend():
            return None
        return wait_s
