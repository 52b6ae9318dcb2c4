"""The event bus of the org: events of the last 72 hours in order of commit, by topic, with the ids to resume from."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter

from sf_sync.emulator.changes import Commit
from sf_sync.emulator.events.drafts import Draft, plan_events
from sf_sync.emulator.events.event import Event
from sf_sync.emulator.events.positions import (
    find_idle_time,
    get_commit_number,
    get_event_position,
    get_idle_position,
)
from sf_sync.emulator.events.schemas import EventSchemas
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.store import Org

ALL_CHANGES = "/data/ChangeEvents"
"""The channel that carries the events of every object."""

_position = attrgetter("position")


class PositionExpired(ValueError):
    """The position is beyond the retention, or was never handed out."""


class EventLog:
    """Filled by the org's commits. It keeps nothing on disk: after a restart the commits give the same positions."""

    def __init__(self, org: Org, faults: Faults) -> None:
        self.org = org
        self.schemas = EventSchemas(org.schema)
        self.watchers: set[Callable[[], None]] = set()
        """Called when events were added."""
        self._faults = faults
        self._topics: dict[str, list[Event]] = {ALL_CHANGES: []}
        self._topics |= {f"/data/{schema.name}": [] for schema in self.schemas.current.values()}
        self._last_position = 0
        self._expired_up_to = -1
        for commit in org.commits:
            self._add_commit(commit)
        org.on_commit(self.append)

    def has_topic(self, topic: str) -> bool:
        return topic in self._topics

    def find_schema_id(self, topic: str) -> str | None:
        """The schema of a topic's new events; None for a channel that carries several objects."""
        schemas = self.schemas.current.values()
        return next((schema.schema_id for schema in schemas if topic == f"/data/{schema.name}"), None)

    def append(self, commit: Commit) -> None:
        """Take the events of a commit and wake who waits for them."""
        self._add_commit(commit)
        self._drop_expired()
        self._wake()

    def publish(self, make_event: Callable[[int, datetime], Event]) -> Event:
        """Add an event that no commit made, at a position after everything so far."""
        event = make_event(self.get_tip() + 1, self.org.now())
        self._add(event)
        self._wake()
        return event

    def get_tip(self) -> int:
        """A position after everything so far. It moves once a minute when nothing is committed."""
        idle = get_idle_position(self.org.last_commit_number, self.org.now())
        self._last_position = max(self._last_position, idle)
        return self._last_position

    def read_after(self, topic: str, position: int, limit: int) -> Sequence[Event]:
        """The next events of a topic, oldest first. Raises KeyError for an unknown topic."""
        events = self._topics[topic]
        start = bisect_right(events, position, key=_position)
        return events[start : start + limit]

    def read_latest(self, topic: str, limit: int) -> Sequence[Event]:
        return self._topics[topic][-limit:]

    def require_replayable(self, position: int) -> None:
        """Raises PositionExpired when events after this position may be gone, or when it never was one."""
        self._drop_expired()
        number = get_commit_number(position)
        if position <= self._expired_up_to or number > self.org.last_commit_number:
            raise PositionExpired
        at = find_idle_time(position) or self._find_commit_time(number)
        if at is None or at < self.org.now() - self.org.retention:
            raise PositionExpired

    def expire(self) -> int:
        """Forget every event so far, as if 72 hours had passed; no earlier position can be resumed from.
        Returns how many there were."""
        self._expired_up_to = self.get_tip()
        # What is handed out from now on stands behind what has expired.
        self._last_position += 1
        count = len(self._topics[ALL_CHANGES])
        for events in self._topics.values():
            events.clear()
        return count

    def _find_commit_time(self, number: int) -> datetime | None:
        commits = self.org.commits
        index = bisect_right(commits, number, key=attrgetter("number")) - 1
        found = commits[index] if index >= 0 else None
        return found.at if found is not None and found.number == number else None

    def _add_commit(self, commit: Commit) -> None:
        faults = self._faults
        drafts = plan_events(commit, self.schemas.current, merge=faults.stream_merge, gaps=faults.stream_gaps)
        for sequence, draft in enumerate(drafts, start=1):
            event = _place(draft, get_event_position(commit.number, sequence), commit.at)
            self._add(event)
            if faults.stream_duplicates:
                self._add(event.repeat(event.position + 1))

    def _add(self, event: Event) -> None:
        self._topics[ALL_CHANGES].append(event)
        self._topics[f"/data/{event.schema.name}"].append(event)
        self._last_position = max(self._last_position, event.position)

    def _drop_expired(self) -> None:
        oldest = self.org.now() - self.org.retention
        for events in self._topics.values():
            kept = 0
            while kept < len(events) and events[kept].at < oldest:
                kept += 1
            del events[:kept]

    def _wake(self) -> None:
        for watcher in tuple(self.watchers):
            watcher()


def _place(draft: Draft, position: int, at: datetime) -> Event:
    return Event(position=position, at=at, schema=draft.schema, header=draft.header, body=draft.body)
