"""Stops calling a Salesforce that fails, so that callers are refused in microseconds instead of after a
timeout.

Three outages in a row open it for ten seconds; then one trial call decides (the figures are those of
Shopify's Semian, a library of resilience patterns). Refusals with a 4xx are answers, not outages.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

import structlog

from sf_sync.errors import SalesforceBreakerOpen

_log = structlog.get_logger(__name__)


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """One per process and org. `open_s` and `trial_timeout_s` are seconds."""

    def __init__(
        self,
        *,
        failures_to_open: int = 3,
        open_s: float = 10.0,
        trial_timeout_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures_to_open = failures_to_open
        self._open_s = open_s
        self.trial_timeout_s = trial_timeout_s
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trial_is_out = False
        # A call that began before a change of state says nothing about the state after it.
        self._epoch = 0

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._rest_s() > 0 else BreakerState.HALF_OPEN

    def refuse_if_open(self) -> None:
        """Raises SalesforceBreakerOpen when a call could not start now; takes no trial."""
        if self._opened_at is not None and (self._trial_is_out or self._rest_s() > 0):
            raise SalesforceBreakerOpen(
                "Salesforce failed several times in a row", retry_after_s=max(self._rest_s(), 1.0)
            )

    def admit(self) -> "Permit":
        """The permit of one call, to be used as a context. Raises SalesforceBreakerOpen."""
        self.refuse_if_open()
        is_trial = self._opened_at is not None
        self._trial_is_out = is_trial
        return Permit(self, epoch=self._epoch, is_trial=is_trial)

    def settle(self, permit: "Permit", healthy: bool | None) -> None:
        """Called by the permit; None when the call was given up without an answer by its own caller."""
        if permit.epoch != self._epoch:
            return
        if permit.is_trial:
            self._trial_is_out = False
        if healthy:
            self._close()
        elif healthy is False:
            self._count_failure(permit)

    def _close(self) -> None:
        self._failures = 0
        if self._opened_at is not None:
            self._opened_at = None
            self._epoch += 1
            _log.info("salesforce_breaker_closed")

    def _count_failure(self, permit: "Permit") -> None:
        self._failures += 1
        if permit.is_trial or self._failures >= self._failures_to_open:
            self._failures = 0
            self._opened_at = self._clock()
            self._epoch += 1
            _log.warning("salesforce_breaker_opened", open_s=self._open_s)

    def _rest_s(self) -> float:
        return 0.0 if self._opened_at is None else self._opened_at + self._open_s - self._clock()


class Permit:
    """Leave to make one call. Whoever neither praises nor blames Salesforce gave the call up."""

    def __init__(self, breaker: Breaker, *, epoch: int, is_trial: bool) -> None:
        self._breaker = breaker
        self._healthy: bool | None = None
        self.epoch = epoch
        self.is_trial = is_trial

    def report(self, *, healthy: bool) -> None:
        self._healthy = healthy

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._breaker.settle(self, self._healthy)
