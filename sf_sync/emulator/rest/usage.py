"""How many API calls the org has used of its daily allowance."""

from collections.abc import Callable
from datetime import datetime, timedelta

_DAY = timedelta(hours=24)


class ApiUsage:
    """Counts calls in the running day. The platform's window rolls; here it starts anew 24 hours after its first
    call."""

    def __init__(self, *, now: Callable[[], datetime], allowance: int) -> None:
        self.allowance = allowance
        self.used = 0
        self._now = now
        self._since = now()

    def count(self) -> None:
        if self._now() - self._since >= _DAY:
            self.used, self._since = 0, self._now()
        self.used += 1

    @property
    def is_exhausted(self) -> bool:
        return self.used >= self.allowance

    def describe(self) -> str:
        """The value of Sforce-Limit-Info."""
        return f"api-usage={self.used}/{self.allowance}"
