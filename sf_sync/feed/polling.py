"""Changes by query, while the stream is away: one SELECT per interval finds what changed since it was last sure."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Never

import structlog
from msgspec import Struct

from cache.errors import CacheError
from sf_sync.errors import RequestLimitReached, SalesforceError
from sf_sync.feed.liveness import Liveness
from sf_sync.feed.rules import Reason
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.topics import ChangedRecord, Topic

log = structlog.get_logger(__name__)


class Lookback(Struct, frozen=True):
    """From when to list changes, and whether everything must be forgotten because that is not far enough."""

    since: datetime
    forget_all: bool


def plan_lookback(
    covered_until: datetime | None, *, now: datetime, overlap_s: float, reach_s: float
) -> Lookback:
    """Where polling starts: an overlap before the last moment that was surely covered, if that is within reach."""
    overlap = timedelta(seconds=overlap_s)
    if covered_until is None or now - covered_until > timedelta(seconds=reach_s):
        return Lookback(now - overlap, forget_all=True)
    return Lookback(min(covered_until, now) - overlap, forget_all=False)


SETTLED_AFTER_S = 30.0
"""SystemModstamp counts whole seconds, so a row this young (clocks differ too) may change again without showing it."""


def pick_new(records: Iterable[ChangedRecord], settled: Mapping[str, datetime]) -> list[str]:
    """The records of a poll that an earlier one did not see settled in the same state: overlaps show rows again."""
    return [record.record_id for record in records if settled.get(record.record_id) != record.modified_at]


def pick_settled(records: Iterable[ChangedRecord], *, now: datetime) -> dict[str, datetime]:
    """What need not be forgotten again while it shows the same SystemModstamp."""
    before = now - timedelta(seconds=SETTLED_AFTER_S)
    return {record.record_id: record.modified_at for record in records if record.modified_at < before}


class Poller:
    """Watches one topic's stream and covers for it; hands back by itself once the stream is live again."""

    def __init__(
        self, topic: Topic, liveness: Liveness, settings: FeedSettings, now: Callable[[], datetime]
    ) -> None:
        self._topic = topic
        self._liveness = liveness
        self._settings = settings
        self._now = now
        self._away_since: datetime | None = None
        self._polled_at: datetime | None = None
        self._is_polling = False
        self._settled: dict[str, datetime] = {}
        self.problem: str | None = None

    @property
    def is_covering(self) -> bool:
        """Whether polling is on and the last poll went well."""
        return self._is_polling and self.problem is None

    async def run(self) -> Never:
        """Until cancelled."""
        while True:
            await self._tick(self._now())
            await asyncio.sleep(self._settings.tick_s)

    async def _tick(self, now: datetime) -> None:
        if self._liveness.is_live(now):
            self._hand_back()
        elif self._is_due(now):
            await self._try_poll(now)

    def _hand_back(self) -> None:
        if self._is_polling:
            log.info("feed.polling_ended", topic=self._topic.name)
        self._away_since, self._polled_at, self._is_polling = None, None, False
        self._settled, self.problem = {}, None

    def _is_due(self, now: datetime) -> bool:
        self._away_since = self._away_since or now
        if now - self._away_since < timedelta(seconds=self._settings.polling_after_s):
            return False
        return self._polled_at is None or now - self._polled_at >= timedelta(
            seconds=self._settings.poll_interval_s
        )

    async def _try_poll(self, now: datetime) -> None:
        if not self._is_polling:
            log.warning("feed.polling_started", topic=self._topic.name)
        self._is_polling, self._polled_at = True, now
        try:
            await self._poll(now)
        except RequestLimitReached:
            self._fail("api_budget")
        except SalesforceError as error:
            self._fail(type(error).__name__)
        except CacheError:
            self._fail("redis_away")
        else:
            self.problem = None

    def _fail(self, problem: str) -> None:
        if self.problem != problem:
            log.warning(
                "feed.poll_failed", topic=self._topic.name, problem=problem, alarm=problem == "api_budget"
            )
        self.problem = problem

    async def _poll(self, now: datetime) -> None:
        settings = self._settings
        lookback = plan_lookback(
            self._liveness.covered_until,
            now=now,
            overlap_s=settings.poll_overlap_s,
            reach_s=settings.poll_reach_s,
        )
        if lookback.forget_all:
            await self._topic.handler.forget_all()
            self._liveness.covers(now)
            log.warning("feed.forgot_all", topic=self._topic.name, reason=Reason.LONG_UNWATCHED)
        records = await self._forget_changed(lookback.since)
        # Only a poll that went through to its end covers; a broken one is repeated from where it began.
        self._settled = pick_settled(records, now=now)
        self._liveness.covers(now)

    async def _forget_changed(self, since: datetime) -> list[ChangedRecord]:
        records: list[ChangedRecord] = []
        while True:
            page = await self._topic.handler.list_changed(since, after=records[-1] if records else None)
            if changed := pick_new(page.records, self._settled):
                await self._topic.handler.forget(changed)
            records.extend(page.records)
            if not page.has_more or not page.records:
                return records
