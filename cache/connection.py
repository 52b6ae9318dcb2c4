"""`Redis`: one connection per process, shared by everything that runs in its event loop."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from cache.address import Address, parse_address
from cache.errors import CacheError, CacheUnavailable
from cache.scripts import Script
from cache.wire import Argument, ScriptUnknown, Shared, Wire

_CONNECT_S = 1.0
_PING_EVERY_S = 5.0
_BACKOFF_BASE_S = 0.02
_BACKOFF_CAP_S = 1.0

log = structlog.get_logger(__name__)
_random = secrets.SystemRandom()


class Redis:
    """An auto-pipelining connection: commands that callers give in one loop tick leave in one write.

    It reconnects by itself. While it is away, and when the server does not answer in time, calls raise
    `CacheUnavailable`, at once in the first case. A call is never repeated by itself.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout_s: float = 0.5,
        subscribe: str | None = None,
        on_push: Callable[[Sequence[Any]], None] | None = None,
    ) -> None:
        """`subscribe` names a channel heard on this connection; `on_push` gets its messages as they come."""
        self._address = address
        self._timeout_s = timeout_s
        self._subscribe = subscribe
        self._on_push = on_push
        self._wire: Wire | None = None
        self._generation = 0
        self._tried = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    def from_url(cls, url: str, *, timeout_s: float = 0.5) -> "Redis":
        """Take `redis://`, `rediss://` or `unix://`; raise `ValueError` for others. Connects in `open`."""
        return cls(parse_address(url), timeout_s=timeout_s)

    async def open(self) -> None:
        """Start to connect and wait for the first attempt; a server that is away is not an error here."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_connected())
        await self._tried.wait()

    async def close(self) -> None:
        """Disconnect for good; calls in flight and later ones raise `CacheUnavailable`."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        self._tried.clear()

    @property
    def is_connected(self) -> bool:
        return self._wire is not None and not self._wire.lost.is_set()

    @property
    def generation(self) -> int:
        """The number of connections made so far: when it grows, answers and messages may have been lost."""
        return self._generation

    async def call(self, *args: Argument) -> Any:
        """Send one command and return the raw reply, bulk strings as bytes.

        Raises `CacheUnavailable` (no answer) or `CacheError` (the server refused the command).
        """
        return await self._get_wire().send(args)

    def start(self, *args: Argument) -> asyncio.Future[Any]:
        """Send one command now and wait for its reply later; the future must be awaited.

        Replies come in the order of the commands. Raises `CacheUnavailable` when not connected.
        """
        return self._get_wire().send(args)

    def start_shared(self, *args: Argument) -> Shared:
        """Send a reading command once for all callers of this loop tick.

        Its result may be asked for once the reply to a command started after it has come.
        """
        return self._get_wire().send_shared(args)

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a Lua script by its digest, sending its text only to a server that does not know it yet."""
        try:
            return await self.call("EVALSHA", script.sha, len(keys), *keys, *args)
        except ScriptUnknown:
            return await self.call("EVAL", script.text, len(keys), *keys, *args)

    async def replication_id(self) -> str:
        """The id of the data's history; another one means that a failover or restart may have lost writes."""
        reply = await self.call("INFO", "replication")
        text = reply.decode() if isinstance(reply, bytes) else str(reply)
        for line in text.splitlines():
            name, _, value = line.partition(":")
            if name == "master_replid":
                return value.strip()
        raise CacheError("INFO replication names no master_replid")

    def _get_wire(self) -> Wire:
        if self._wire is None:
            raise CacheUnavailable("not connected to Redis")
        return self._wire

    async def _keep_connected(self) -> None:
        failures = 0
        try:
            while True:
                began_at = asyncio.get_running_loop().time()
                reason = await self._connect_and_stay()
                lived_s = asyncio.get_running_loop().time() - began_at
                # A server that takes connections only to drop them counts as one that is away.
                failures = 1 if lived_s > _CONNECT_S + _BACKOFF_CAP_S else failures + 1
                if failures == 1:
                    log.warning("redis_away", server=repr(self._address), reason=reason)
                await asyncio.sleep(
                    _random.uniform(0, min(_BACKOFF_CAP_S, _BACKOFF_BASE_S * 2 ** min(failures, 10)))
                )
        finally:
            self._drop("the connection to Redis was closed")

    async def _connect_and_stay(self) -> str:
        """Hold one connection for as long as it lasts; the answer says why it ended."""
        try:
            async with asyncio.timeout(max(_CONNECT_S, self._timeout_s)):
                wire = await self._connect()
        except (OSError, CacheError) as error:
            return str(error) or type(error).__name__
        finally:
            self._tried.set()
        self._wire = wire
        self._generation += 1
        log.info("redis_connected", server=repr(self._address), generation=self._generation)
        await self._stay(wire)
        return "connection lost"

    async def _connect(self) -> Wire:
        wire = Wire(timeout_s=self._timeout_s, on_push=self._on_push)
        loop, at = asyncio.get_running_loop(), self._address
        try:
            if at.kind == "unix":
                await loop.create_unix_connection(lambda: wire, at.path)
            else:
                await loop.create_connection(lambda: wire, at.host, at.port, ssl=at.make_ssl_context())
            await self._greet(wire)
        except BaseException:
            wire.cut("the connection to Redis was given up")
            raise
        return wire

    async def _greet(self, wire: Wire) -> None:
        hello: tuple[Argument, ...] = ("HELLO", 3)
        if self._address.password:
            hello = (*hello, "AUTH", self._address.username or "default", self._address.password)
        answer = await wire.send(hello)
        if not isinstance(answer, dict):
            raise CacheError("the server does not speak RESP3, as Redis 6 and later do")
        if answer.get(b"role", b"master") != b"master":
            raise CacheUnavailable("the Redis server is a replica")
        if self._address.database:
            await wire.send(("SELECT", self._address.database))
        if self._subscribe is not None:
            wire.post(("SUBSCRIBE", self._subscribe))
        # A server that still loads its data answers HELLO but refuses this.
        await wire.send(("PING",))

    async def _stay(self, wire: Wire) -> None:
        """Return when the connection is lost; a quiet one is asked now and then whether it lives."""
        while True:
            try:
                async with asyncio.timeout(_PING_EVERY_S):
                    await wire.lost.wait()
            except TimeoutError:
                with contextlib.suppress(CacheError):
                    await wire.send(("PING",))
            else:
                return

    def _drop(self, reason: str) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.cut(reason)
