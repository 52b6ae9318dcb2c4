"""One Subscribe stream: what its client still wants, where it stands, and what to send it next."""

import asyncio
import time

import msgspec

from sf_sync.emulator.events.event import Event
from sf_sync.emulator.events.frames import format_fetch_response
from sf_sync.emulator.events.log import EventLog
from sf_sync.emulator.events.positions import format_replay_id
from sf_sync.emulator.faults import Faults
from sf_sync.emulator.pubsub.errors import (
    DeliveryLimitExceeded,
    PubSubRefused,
    ReplayRepeated,
    RequestedEventsInvalid,
    TopicMismatch,
)
from sf_sync.pubsub import pubsub_api_pb2 as pb2

MOST_PENDING = 100
"""Events a client can have asked for at a time; what goes beyond is dropped, as the platform does."""
LARGEST_RESPONSE = 3_000_000 - 256
"""Bytes of events in one response; the rest of the 3 MB is for its other fields."""
LOOK_AGAIN_S = 0.1
"""How soon a waiting stream notices that a switch was turned."""


class StreamTiming(msgspec.Struct, frozen=True, kw_only=True):
    """The platform promises a keepalive within 270 s and in practice sends one a minute."""

    keepalive_s: float = 60.0
    idle_close_s: float = 60.0
    """A stream whose client wants nothing is closed after this time."""


class Subscription:
    """Owned by one call. `request_more`, `wake`, `end` and `fail` may come from other tasks of the loop."""

    def __init__(
        self, *, log: EventLog, faults: Faults, timing: StreamTiming, topic: str, position: int, rpc_id: str
    ) -> None:
        self.topic = topic
        self.stalled = False
        """A half-open connection: nothing is sent any more, and nobody is told."""
        self._log = log
        self._faults = faults
        self._timing = timing
        self._position = position
        self._rpc_id = rpc_id.encode()
        self._pending = 0
        self._since = time.monotonic()
        self._failure: PubSubRefused | None = None
        self._ended = False
        self._awake = asyncio.Event()

    def request_more(self, request: pb2.FetchRequest, *, first: bool = False) -> None:
        """Add to what the client wants. Raises PubSubRefused for a request that breaks the rules of a stream."""
        if not first:
            self._require_unchanged(request)
        if request.num_requested <= 0:
            raise RequestedEventsInvalid("The number of requested events must be greater than zero.")
        if self._pending == 0:
            self._since = time.monotonic()
        self._pending = min(self._pending + request.num_requested, MOST_PENDING)
        self._awake.set()

    def wake(self) -> None:
        self._awake.set()

    def end(self) -> None:
        """The client closed its side."""
        self._ended = True
        self._awake.set()

    def fail(self, refusal: PubSubRefused) -> None:
        """End the stream with this error."""
        self._failure = refusal
        self._awake.set()

    async def next_response(self) -> bytes | None:
        """The next response as bytes; None when the stream is to be closed. Raises PubSubRefused."""
        while not self._ended:
            self._awake.clear()
            if self._failure is not None:
                raise self._failure
            if not (self.stalled or self._faults.stream_stalled):
                events = self._take_events()
                if events or self._is_quiet():
                    return self._respond(events)
                if self._is_idle():
                    return None
            await self._sleep()
        return None

    def _require_unchanged(self, request: pb2.FetchRequest) -> None:
        if request.topic_name not in ("", self.topic):
            raise TopicMismatch("The topic name doesn't match the topic of the first request.")
        if request.replay_preset != pb2.LATEST or request.replay_id:
            raise ReplayRepeated("The replay preset and ID can be given in the first request only.")

    def _take_events(self) -> list[Event]:
        if self._pending == 0:
            return []
        events = self._read_ripe()
        limit = self._faults.stream_delivery_limit
        if limit is not None and events:
            if limit <= 0:
                raise DeliveryLimitExceeded("The org's daily event delivery allocation has been reached.")
            events = events[:limit]
        taken = _fit(events)
        if limit is not None:
            self._faults.stream_delivery_limit = limit - len(taken)
        return taken

    def _read_ripe(self) -> list[Event]:
        events = self._log.read_after(self.topic, self._position, self._pending)
        if self._faults.stream_delay_s <= 0:
            return list(events)
        ripe_before = time.monotonic() - self._faults.stream_delay_s
        return [event for event in events if event.seen_s <= ripe_before]

    def _respond(self, events: list[Event]) -> bytes:
        if events:
            self._position = events[-1].position
        elif self._faults.stream_delay_s <= 0:
            self._position = self._log.get_tip()
        self._pending -= len(events)
        self._since = time.monotonic()
        return format_fetch_response(
            [event.frame for event in events],
            latest=format_replay_id(self._position),
            rpc_id=self._rpc_id,
            pending=self._pending,
        )

    def _is_quiet(self) -> bool:
        """Whether a keepalive is due."""
        return self._pending > 0 and time.monotonic() - self._since >= self._timing.keepalive_s

    def _is_idle(self) -> bool:
        return self._pending == 0 and time.monotonic() - self._since >= self._timing.idle_close_s

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_S):
                await self._awake.wait()
        except TimeoutError:
            return


def _fit(events: list[Event]) -> list[Event]:
    """As many of the events as one response may carry, at least one."""
    size = 0
    for count, event in enumerate(events):
        size += len(event.frame)
        if size > LARGEST_RESPONSE and count:
            return events[:count]
    return events
