"""How much of the org's daily API allocation is used, as every answer tells it, and who may go on."""

import re
import time
from collections.abc import Callable, Mapping

from sf_sync.client.lanes import Lane
from sf_sync.errors import RequestLimitReached

_USAGE = re.compile(r"(?:^|[\s;,])api-usage=([0-9]{1,12})/([0-9]{1,12})")

STOPS_AT: Mapping[Lane, float] = {Lane.CUSTOMER: 0.95, Lane.BACKGROUND: 0.80}
"""Share of the daily calls at which a lane stops. `GATE` never does: Salesforce itself has the last word."""


class ApiBudget:
    """`used` and `limit` calls of the rolling 24 hours; 0 and None until an answer has told.

    The figure comes only with answers, so a stopped lane may send one probe each `probe_s` seconds: otherwise
    an org whose usage has sunk again would never be noticed.
    """

    def __init__(self, *, probe_s: float = 300.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.used = 0
        self.limit: int | None = None
        self._probe_s = probe_s
        self._clock = clock
        self._told_at = clock()

    @property
    def share(self) -> float:
        """From 0.0 (nothing used, or not known yet) to 1.0 and beyond."""
        return self.used / self.limit if self.limit else 0.0

    def observe(self, headers: Mapping[str, str]) -> None:
        """Read `Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=…`; anything else is ignored."""
        found = _USAGE.search(headers.get("sforce-limit-info", ""))
        if found and int(found[2]) > 0:
            self.used, self.limit = int(found[1]), int(found[2])
            self._told_at = self._clock()

    def observe_exhausted(self) -> None:
        """Salesforce refused for the daily limit: nothing is left, whatever the last header said."""
        self.limit = self.limit or 1
        self.used = max(self.used, self.limit)
        self._told_at = self._clock()

    def claim(self, lane: Lane) -> None:
        """Before each call. Raises RequestLimitReached when the lane has to leave the rest to more urgent
        ones."""
        if self.share < STOPS_AT.get(lane, float("inf")):
            return
        waited_s = self._clock() - self._told_at
        if waited_s < self._probe_s:
            raise RequestLimitReached(retry_after_s=self._probe_s - waited_s)
        self._told_at = self._clock()
