"""Values kept in Redis under leases, so that no reader can put back what a change has just removed.

A reader who misses asks for the lease of the entry, loads, and may store only while the lease stands. Whatever
changes the source removes the entry and with it the lease; a writer of our own marks the entry before it
begins. The order of those steps, and the scripts in `cache/lua`, are the whole protocol.
"""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple, cast

import msgspec
import structlog

from cache.connection import Redis
from cache.debts import Debts
from cache.entries import Entries, Grant, LeaseScripts, Look, StartedLook
from cache.envelope import Envelope
from cache.errors import CacheError
from cache.flights import Flights, Queue
from cache.policy import LeasePolicy

log = structlog.get_logger(__name__)
_random = secrets.SystemRandom()
_POLL_S = (0.02, 0.05)
_LEASE_SCRIPTS = LeaseScripts()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `read_at` is when the read of the source began; `value` None means known to be absent."""

    value: bytes | None
    read_at: datetime
    source: Literal["cache", "source"]
    stale: bool


class StartedRead(NamedTuple):
    """A read that has begun; what it finds is as of then."""

    key: str
    scope: str
    began: int
    look: StartedLook | None


class Write:
    """A write under way. Its outcome is known when the block ends, unknown when an exception ends it."""

    def __init__(self) -> None:
        self.outcome: Literal["open", "known", "unknown"] = "open"

    def leave_unknown(self) -> None:
        """Keep the key out of the cache after the block: nobody knows yet whether the write took place."""
        self.outcome = "unknown"

    def settle(self) -> None:
        """Say that the outcome is known even if an exception, such as a refusal, ends the block."""
        self.outcome = "known"


class LeasedValues:
    """One namespace of values. `read`, `writing` and `beat` are for its owner, `invalidate` for its feed."""

    def __init__(
        self,
        redis: Redis,
        *,
        namespace: str,
        load: Callable[[str, str], Awaitable[bytes | None]],
        policy: LeasePolicy,
        scripts: LeaseScripts = _LEASE_SCRIPTS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`load(key, scope)` reads the source: None means known absent, exceptions are passed on, not stored."""
        self._entries = Entries(redis, namespace=namespace, policy=policy, scripts=scripts, clock=clock)
        self._source = load
        self._policy = policy
        self._clock = clock
        self._debts = Debts(self._entries.forget)
        self._flights: Flights[Reading] = Flights()
        self._queue: Queue[Reading] = Queue()
        self._loads: dict[str, asyncio.Task[Reading]] = {}
        self._tokens = itertools.count()
        self._token_prefix = secrets.token_hex(16)

    async def read(self, key: str, scope: str) -> Reading:
        """The value, from the cache or else the source; works without Redis. Raises what `load` raises."""
        return await self.finish(self.start(key, scope))

    def start(self, key: str, scope: str) -> StartedRead:
        """Begin a read that `finish` ends, so that values of several namespaces come in one round trip."""
        return StartedRead(key, scope, self._flights.begin(), self._start_look(key, scope))

    async def finish(self, started: StartedRead) -> Reading:
        """As `read`, for a read that has begun; to be awaited in any case."""
        key, scope, began, started_look = started
        look = await self._finish_look(key, scope, started_look)
        if look is not None and look.is_fresh and look.envelope is not None:
            return _format_cached(look.envelope)
        try:
            return await self._flights.join((key, scope), began, lambda: self._fly(key, scope, look))
        except Exception as failure:
            stale = self._find_stale(look)
            if stale is None:
                raise
            log.warning("cache_serves_stale", key=key, failure=type(failure).__name__)
            return stale

    async def find(self, key: str, scope: str) -> Reading | None:
        """What is cached and fresh, without asking the source; None as well while Redis is away."""
        look = await self._look(key, scope)
        if look is None or not look.is_fresh or look.envelope is None:
            return None
        return _format_cached(look.envelope)

    async def invalidate(self, keys: Sequence[str]) -> None:
        """Forget the values of all scopes of these keys and revoke fills under way. Harmless when repeated.

        Raises `CacheUnavailable`: then nothing is known to be forgotten.
        """
        if keys:
            await self._entries.forget(keys)

    async def invalidate_all(self) -> None:
        """Forget every value of the namespace and revoke fills under way. Raises `CacheUnavailable`."""
        await self._entries.forget_all()

    @contextlib.asynccontextmanager
    async def writing(self, key: str) -> AsyncIterator[Write]:
        """Surround a write to the source: nothing is cached until it is over, nothing older afterwards.

        A block that is left by an exception counts as unknown, since a cancelled or broken call may have been
        carried out. Works without Redis; then this process reads the source until the others could be told.
        """
        token, write = self._make_token(), Write()
        try:
            await self._entries.mark(key, token)
        except CacheError as error:
            log.warning("cache_write_unmarked", key=key, reason=str(error))
        try:
            yield write
        except BaseException:
            if write.outcome == "open":
                write.leave_unknown()
            raise
        finally:
            await self._end_write(key, token, write)

    async def beat(self, *, ttl_s: float) -> None:
        """Say that changes of the source are being followed for the next `ttl_s`. Raises `CacheUnavailable`."""
        await self._entries.beat(ttl_s)

    async def _end_write(self, key: str, token: str, write: Write) -> None:
        try:
            if write.outcome == "unknown":
                # Anew, for the whole time from now on: the write may still be carried out.
                await self._entries.mark(key, token)
            else:
                await self._entries.clear(key, token)
        except CacheError as error:
            log.warning("cache_write_not_cleared", key=key, reason=str(error))
            self._debts.add(key)

    async def _look(self, key: str, scope: str) -> Look | None:
        return await self._finish_look(key, scope, self._start_look(key, scope))

    def _start_look(self, key: str, scope: str) -> StartedLook | None:
        """None when Redis cannot be asked or must not be believed."""
        if key in self._debts:
            return None
        try:
            return self._entries.start_look(key, scope)
        except CacheError:
            return None

    async def _finish_look(self, key: str, scope: str, started: StartedLook | None) -> Look | None:
        try:
            return await self._entries.finish_look(started, key, scope) if started else None
        except CacheError:
            return None

    async def _fly(self, key: str, scope: str, look: Look | None) -> Reading:
        """Find the value on behalf of all readers that joined."""
        gives_up_at = asyncio.get_running_loop().time() + self._policy.wait_s
        while look is not None:
            token = self._make_token()
            grant = await self._ask_lease(key, scope, token, look)
            if grant is None or grant.kind == "dirty":
                break
            if grant.kind == "granted":
                return await self._load_leased(key, scope, token, look.epoch)
            if grant.token in self._loads:
                return await asyncio.shield(self._loads[grant.token])
            if asyncio.get_running_loop().time() >= gives_up_at:
                break
            if grant.kind == "held":
                await asyncio.sleep(_random.uniform(*_POLL_S))
            look = await self._look(key, scope)
            if look is not None and look.is_fresh and look.envelope is not None:
                return _format_cached(look.envelope)
        return await self._queue.join((key, scope), lambda: self._load(key, scope))

    async def _ask_lease(self, key: str, scope: str, token: str, look: Look) -> Grant | None:
        try:
            return await self._entries.ask_lease(key, scope, token=token, look=look)
        except CacheError:
            return None

    async def _load_leased(self, key: str, scope: str, token: str, epoch: int) -> Reading:
        flight = cast(asyncio.Task[Reading], asyncio.current_task())
        self._loads[token] = flight
        try:
            reading = await self._load(key, scope)
        except Exception:
            with contextlib.suppress(CacheError):
                await self._entries.release(key, scope, token)
            raise
        else:
            with contextlib.suppress(CacheError):
                await self._entries.fill(
                    key,
                    scope,
                    token=token,
                    epoch=epoch,
                    read_at=reading.read_at.timestamp(),
                    value=reading.value,
                )
            return reading
        finally:
            del self._loads[token]

    async def _load(self, key: str, scope: str) -> Reading:
        read_at = datetime.fromtimestamp(self._clock(), UTC)
        value = await self._source(key, scope)
        return Reading(value=value, read_at=read_at, source="source", stale=False)

    def _find_stale(self, look: Look | None) -> Reading | None:
        if look is None or look.envelope is None or look.envelope.value is None:
            return None
        if self._clock() - look.envelope.read_at > self._policy.serve_stale_s:
            return None
        return _format_cached(look.envelope, stale=True)

    def _make_token(self) -> str:
        return f"{self._token_prefix}-{next(self._tokens)}"


def _format_cached(envelope: Envelope, *, stale: bool = False) -> Reading:
    read_at = datetime.fromtimestamp(envelope.read_at, UTC)
    return Reading(value=envelope.value, read_at=read_at, source="cache", stale=stale)
