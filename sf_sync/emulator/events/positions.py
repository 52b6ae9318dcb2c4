"""Replay ids: where an event stands in the log, as ten opaque bytes computed from the commit alone.

A position is `commit number * 2**24 + slot`, so it needs no storage of its own and survives a restart
with the commits. Slots below 2**20 belong to the events of the commit, four apart: the platform's ids have gaps
too. Those above stand for the minutes after it, so that a keepalive can move an idle subscriber onwards and the
age of what it was given can be read from it.
"""

import re
from datetime import UTC, datetime, timedelta

EVENT_GAP = 4
IDLE_SLOTS = 1 << 20
COMMIT_SLOTS = 1 << 24
MAX_SEQUENCE = IDLE_SLOTS // EVENT_GAP - 1

_MINUTES_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_REPLAY_ID = re.compile(rb"[\x00-\x7f].{7}\x00\x00", re.DOTALL)


class ReplayIdMalformed(ValueError):
    """These bytes never were a replay id."""


def get_event_position(commit_number: int, sequence: int) -> int:
    """The position of the event with this sequence number (1 … MAX_SEQUENCE) in its commit."""
    if not 0 < sequence <= MAX_SEQUENCE:
        raise ValueError(f"a commit has room for {MAX_SEQUENCE} events, not for number {sequence}")
    return commit_number * COMMIT_SLOTS + sequence * EVENT_GAP


def get_idle_position(commit_number: int, at: datetime) -> int:
    """A position after the events of a commit and before the next one; moves once a minute."""
    minutes = (at - _MINUTES_SINCE) // timedelta(minutes=1)
    return commit_number * COMMIT_SLOTS + IDLE_SLOTS + max(0, min(minutes, COMMIT_SLOTS - IDLE_SLOTS - 1))


def get_commit_number(position: int) -> int:
    """The commit that a position belongs to or follows."""
    return position // COMMIT_SLOTS


def find_idle_time(position: int) -> datetime | None:
    """When an idle position was handed out; None for the position of an event."""
    minutes = position % COMMIT_SLOTS - IDLE_SLOTS
    return None if minutes < 0 else _MINUTES_SINCE + timedelta(minutes=minutes)


def format_replay_id(position: int) -> bytes:
    """Eight bytes, most significant first, and two zero bytes, as observed on the platform."""
    return position.to_bytes(8, "big") + b"\x00\x00"


def parse_replay_id(replay_id: bytes) -> int:
    """Raises ReplayIdMalformed for bytes of another shape."""
    if not _REPLAY_ID.fullmatch(replay_id):
        raise ReplayIdMalformed
    return int.from_bytes(replay_id[:8], "big")
