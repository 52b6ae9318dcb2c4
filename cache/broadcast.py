"""Short notices from any process to listeners in all of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import msgspec
import structlog

from cache.address import parse_address
from cache.connection import Redis
from cache.gathering import Gathering

log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(list[str])


class Notice(msgspec.Struct, frozen=True):
    """`changed`: something happened on the topic. `resync`: it may have, unheard. Look again at both."""

    kind: Literal["changed", "resync"]


class Listener:
    """An endless iterator of notices that ends when the broadcast is closed.

    It holds at most one unread notice: any number of changes asks for one look. So a slow listener costs
    nothing and misses nothing.
    """

    def __init__(self) -> None:
        self._unread: Literal["changed", "resync"] | None = None
        self._is_closed = False
        self._news = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[Notice]:
        return self

    async def __anext__(self) -> Notice:
        await self._news.wait()
        if self._unread is None:
            raise StopAsyncIteration
        notice, self._unread = Notice(self._unread), None
        if not self._is_closed:
            self._news.clear()
        return notice

    def tell(self, kind: Literal["changed", "resync"]) -> None:
        if self._unread != "resync":
            self._unread = kind
        self._news.set()

    def close(self) -> None:
        self._is_closed = True
        self._news.set()


class Broadcast:
    def __init__(self, redis: Redis, url: str, *, channel: str) -> None:
        """Publishes over `redis`; hears over a connection of its own to `url`."""
        self._redis = redis
        self._channel = channel
        # Patient, since a reconnection sends every listener to look again.
        self._hearing = Redis(parse_address(url), timeout_s=2.0, subscribe=channel, on_push=self._hear)
        self._listeners: dict[str, set[Listener]] = {}
        self._gatherings: set[Gathering] = set()
        self._is_closed = False

    @property
    def topics(self) -> frozenset[str]:
        """What anybody in this process listens to now."""
        return frozenset(self._listeners)

    @property
    def prefixes(self) -> frozenset[str]:
        """Of which kinds of topics anybody in this process hears all."""
        return frozenset(gathering.prefix for gathering in self._gatherings)

    async def open(self) -> None:
        """Subscribe, or keep trying in the background while Redis is away."""
        await self._hearing.open()

    async def close(self) -> None:
        """Stop hearing; every listener ends."""
        self._is_closed = True
        await self._hearing.close()
        for listener in self._list_listeners():
            listener.close()
        for gathering in self._gatherings:
            gathering.close()

    async def publish(self, topics: Sequence[str]) -> None:
        """Tell the listeners of these topics in every process. Raises `CacheUnavailable`."""
        if topics:
            await self._redis.call("PUBLISH", self._channel, msgspec.json.encode(list(topics)))

    @contextlib.asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[Listener]:
        """Hear of these topics from now on: read the state after entering, then again at each notice."""
        listener = Listener()
        if self._is_closed:
            listener.close()
        for topic in topics:
            self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                self._listeners[topic].discard(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]

    @contextlib.asynccontextmanager
    async def gather(self, prefix: str) -> AsyncIterator[Gathering]:
        """Hear of every topic that begins so from now on, each by its name."""
        gathering = Gathering(prefix)
        if self._is_closed:
            gathering.close()
        self._gatherings.add(gathering)
        try:
            yield gathering
        finally:
            self._gatherings.discard(gathering)

    def _hear(self, push: Sequence[Any]) -> None:
        if push[0] == b"subscribe":
            # Before this, and since the last connection, anything may have been said.
            for listener in self._list_listeners():
                listener.tell("resync")
            for gathering in self._gatherings:
                gathering.miss()
        elif push[0] == b"message":
            self._spread(push[2])

    def _spread(self, message: bytes) -> None:
        try:
            topics = _decoder.decode(message)
        except msgspec.DecodeError:
            log.error("broadcast_unreadable", channel=self._channel)
            return
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.tell("changed")
            for gathering in self._gatherings:
                gathering.tell(topic)

    def _list_listeners(self) -> set[Listener]:
        return {listener for listeners in self._listeners.values() for listener in listeners}
