"""One physical connection to Redis: what goes in, what comes out, and in which order."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import hiredis

from cache.errors import CacheError, CacheUnavailable

Argument = bytes | str | int

MAX_IN_FLIGHT = 20_000
"""Commands waiting for replies, beyond which new ones are refused instead of queued without end."""

_GRACE_S = 0.005
# The stub names a tuple of one element; the function takes any number.
_pack = cast(Callable[[tuple[Argument, ...]], bytes], hiredis.pack_command)
_MORE = object()
_AWAY = frozenset(
    ("LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "NOREPLICAS", "BUSY", "OOM", "MISCONF", "TRYAGAIN")
)


class ScriptUnknown(CacheError):
    """The server does not hold a script under this digest; nothing was executed."""


class NotPrimary(CacheUnavailable):
    """The server became a replica: the primary has to be looked for again."""


class Waiter(Protocol):
    """What takes a reply: a future, or a `Shared`."""

    def done(self) -> bool: ...
    def set_result(self, result: Any, /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...


class Shared:
    """A reply for several callers, each of whom waits for a later reply of the same connection instead."""

    __slots__ = ("_error", "_value")

    def __init__(self) -> None:
        self._value: Any = _MORE
        self._error: BaseException | None = None

    def done(self) -> bool:
        return self._error is not None or self._value is not _MORE

    def set_result(self, result: Any, /) -> None:
        self._value = result

    def set_exception(self, exception: BaseException, /) -> None:
        self._error = exception

    def result(self) -> Any:
        """The reply; to be asked for only after a later command of the same connection was answered."""
        if self._error is not None:
            raise self._error
        return self._value


def parse_refusal(text: str) -> CacheError:
    """Tell an error reply that means 'not now' from one that means 'not so'."""
    code = text.split(" ", 1)[0]
    if code == "NOSCRIPT":
        return ScriptUnknown(text)
    if code == "READONLY":
        return NotPrimary(text)
    return CacheUnavailable(text) if code in _AWAY else CacheError(text)


class Wire(asyncio.Protocol):
    """Commands given in one loop tick leave in one write; replies are handed out in the commands' order.

    A command that times out keeps its place in the queue, so a late reply is dropped and never taken for
    another's. When not one reply came in time since a timed-out command was sent, the whole connection counts
    as dead: it is cut, and everything that waits fails at once.
    """

    def __init__(self, *, timeout_s: float, on_push: Callable[[Sequence[Any]], None] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._on_push = on_push
        self._reader = hiredis.Reader(replyError=parse_refusal, notEnoughData=_MORE)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[Waiter, float]] = deque()
        self._outgoing: list[bytes] = []
        self._shared: dict[tuple[Argument, ...], Shared] = {}
        self._in_time_at = self._loop.time()
        self._watchdog: asyncio.TimerHandle | None = None
        self.lost = asyncio.Event()

    def send(self, args: tuple[Argument, ...]) -> asyncio.Future[Any]:
        future = self._loop.create_future()
        self._enqueue(args, future)
        return future

    def send_shared(self, args: tuple[Argument, ...]) -> Shared:
        """Like `send`, once for all callers of this tick; for reads only, never alone: see `Shared.result`."""
        shared = self._shared.get(args)
        if shared is None:
            shared = Shared()
            self._enqueue(args, shared)
            self._shared[args] = shared
        return shared

    def post(self, args: tuple[Argument, ...]) -> None:
        """Send a command whose answer comes as a push message, as SUBSCRIBE does."""
        self._write(_pack(args))

    def cut(self, reason: str) -> None:
        """Drop the connection now; everything that waits fails with `reason`."""
        if self.lost.is_set():
            return
        self.lost.set()
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self._transport is not None:
            self._transport.abort()
        for waiter, _ in self._waiting:
            if not waiter.done():
                waiter.set_exception(CacheUnavailable(reason))
        self._waiting.clear()
        self._outgoing.clear()

    def _enqueue(self, args: tuple[Argument, ...], waiter: Waiter) -> None:
        if self.lost.is_set():
            raise CacheUnavailable("the connection to Redis was lost")
        if len(self._waiting) >= MAX_IN_FLIGHT:
            raise CacheUnavailable("too many Redis commands are waiting for replies")
        self._write(_pack(args))
        now = self._loop.time()
        self._waiting.append((waiter, now))
        if self._watchdog is None:
            self._watchdog = self._loop.call_at(now + self._timeout_s, self._on_deadline)

    def _write(self, command: bytes) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(command)

    def _flush(self) -> None:
        self._shared.clear()
        if self._outgoing and self._transport is not None:
            self._transport.write(b"".join(self._outgoing))
            self._outgoing.clear()

    def _on_deadline(self) -> None:
        # After a stall of our own process a loop may run timers before it reads what came meanwhile.
        self._watchdog = self._loop.call_later(_GRACE_S, self._expire)

    def _expire(self) -> None:
        self._watchdog = None
        now = self._loop.time()
        for waiter, sent_at in self._waiting:
            if sent_at + self._timeout_s > now:
                self._watchdog = self._loop.call_at(sent_at + self._timeout_s, self._on_deadline)
                return
            if waiter.done():
                continue
            if self._in_time_at < sent_at:
                self.cut("Redis did not answer in time")
                return
            waiter.set_exception(CacheUnavailable("Redis did not answer in time"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not _MORE:
                self._take(reply)
        except (hiredis.ProtocolError, IndexError):
            self.cut("Redis sent something unreadable")

    def _take(self, reply: Any) -> None:
        if isinstance(reply, hiredis.PushNotification):
            if self._on_push is not None:
                self._on_push(reply)
            return
        waiter, _ = self._waiting.popleft()
        if not waiter.done():
            self._in_time_at = self._loop.time()
            if isinstance(reply, CacheError):
                waiter.set_exception(reply)
            else:
                waiter.set_result(reply)
        if isinstance(reply, NotPrimary):
            self.cut("the Redis server became a replica")

    def connection_lost(self, exc: Exception | None) -> None:
        self.cut("the connection to Redis was lost")
