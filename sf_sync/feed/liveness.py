"""Whether the stream may be trusted to tell of every change: the one question behind heartbeat, polling and health."""

from datetime import datetime, timedelta

from sf_sync.feed.settings import FeedSettings


class Liveness:
    """Live = subscribed, caught up, and heard of within the watchdog's time. Time is an argument.

    A connected stream that still delivers a backlog is not live: entries whose events wait in the backlog would
    look watched.
    """

    def __init__(self, *, live_after_s: float, caught_up_lag_s: float, watchdog_s: float) -> None:
        self._live_after = timedelta(seconds=live_after_s)
        self._caught_up_lag = timedelta(seconds=caught_up_lag_s)
        self._watchdog = timedelta(seconds=watchdog_s)
        self._last_sign_at: datetime | None = None
        self._caught_up = False
        self._quiet_is_good = True
        self.covered_until: datetime | None = None
        """Every change committed before this was heard of; None while that is unknown."""
        self.last_response_at: datetime | None = None
        self.lag: timedelta | None = None
        """Commit to effect, of the newest event."""

    def covers(self, until: datetime) -> None:
        """Everything before `until` is accounted for, by a stored position or because everything was forgotten."""
        if self.covered_until is None or until > self.covered_until:
            self.covered_until = until

    def subscribed(self, now: datetime) -> None:
        """A new stream is open; nothing is known yet about how far behind it is."""
        self._last_sign_at, self._caught_up = now, False

    def responded(self, now: datetime, *, has_events: bool, committed_at: datetime | None) -> None:
        """A response was applied. A keepalive has no events, so nothing waits behind it; `committed_at` is the newest
        event's, None when none of the headers could be read.
        """
        if not has_events:
            self._caught_up = True
            self.covers(now)
        elif committed_at is None:
            self._caught_up = self.is_live(now)
        else:
            self.lag = now - committed_at
            self._caught_up = self.lag <= self._caught_up_lag
            self.covers(min(committed_at, now))
        self._last_sign_at = self.last_response_at = now
        self._quiet_is_good = True

    def away(self, *, by_silence: bool = False) -> None:
        """The stream ended. After one that died in silence, the next has to prove itself by a response."""
        self._last_sign_at, self._caught_up = None, False
        self._quiet_is_good = self._quiet_is_good and not by_silence

    @property
    def is_subscribed(self) -> bool:
        return self._last_sign_at is not None

    def is_silent(self, now: datetime) -> bool:
        """Whether the open stream has been quiet for longer than one that works ever is."""
        return self._last_sign_at is not None and now - self._last_sign_at > self._watchdog

    def is_live(self, now: datetime) -> bool:
        if self._last_sign_at is None:
            return False
        is_quiet = now - self._last_sign_at >= self._live_after
        return (self._caught_up or (self._quiet_is_good and is_quiet)) and not self.is_silent(now)


def make_liveness(settings: FeedSettings) -> Liveness:
    return Liveness(
        live_after_s=settings.live_after_s,
        caught_up_lag_s=settings.caught_up_lag_s,
        watchdog_s=settings.watchdog_s,
    )
