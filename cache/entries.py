"""The Redis side of leased values: the keys, and each step that is taken on them.

    {namespace}:epoch        text; entries that name another one count as absent
    {namespace}:beat         present while changes of the source are being followed
    <namespace>:e:{key}      hash; per scope v:<scope> the envelope and l:<scope> the lease of whoever loads it
    <namespace>:d:{key}      sorted set; the marks of writers under way and when they run out

The braces are part of the names, so that the keys of one step share a slot in a cluster.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from cache.connection import Redis
from cache.envelope import Envelope, format_envelope, parse_envelope
from cache.policy import LeasePolicy
from cache.scripts import Script, load_script
from cache.wire import Argument, Shared

_random = secrets.SystemRandom()


class LeaseScripts(msgspec.Struct, frozen=True, kw_only=True):
    """The scripts of the protocol, together because they only hold together."""

    epoch: Script = load_script("epoch")
    lease: Script = load_script("lease")
    fill: Script = load_script("fill")
    release: Script = load_script("release")
    mark: Script = load_script("mark")
    clear: Script = load_script("clear")


class StartedLook(NamedTuple):
    """The commands of a look, on their way."""

    state: Shared
    raw: asyncio.Future[Any]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at an entry found. `envelope` is None unless it is of this place and epoch."""

    epoch: int
    raw: bytes | None
    envelope: Envelope | None = None
    is_fresh: bool = False


class Grant(msgspec.Struct, frozen=True):
    """The answer to a reader who wants to load.

    `granted`: load and fill. `held`: the reader with this token loads. `dirty`: a writer is at work, load
    and do not store. `outdated`: something changed since the look, look again.
    """

    kind: Literal["granted", "held", "dirty", "outdated"]
    token: str = ""


class Entries:
    """Every method raises `CacheUnavailable` or `CacheError` as `Redis` does."""

    def __init__(
        self,
        redis: Redis,
        *,
        namespace: str,
        policy: LeasePolicy,
        scripts: LeaseScripts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not re.fullmatch(r"[a-z0-9_.-]+", namespace):
            raise ValueError("a namespace is made of small letters, digits, dots, dashes and underscores")
        self._redis = redis
        self._namespace = namespace
        self._policy = policy
        self._scripts = scripts
        self._clock = clock
        self._epoch_key = f"{{{namespace}}}:epoch"
        self._beat_key = f"{{{namespace}}}:beat"

    def start_look(self, key: str, scope: str) -> StartedLook:
        """Ask, and wait for the answer in `finish_look`."""
        # Equal looks at the epoch and the beat leave once per loop tick. The replies come in this order, so the
        # first is there when the second is.
        state = self._redis.start_shared("MGET", self._epoch_key, self._beat_key)
        return StartedLook(state, self._redis.start("HGET", self._entry(key), "v:" + scope))

    async def look(self, key: str, scope: str) -> Look:
        return await self.finish_look(self.start_look(key, scope), key, scope)

    async def finish_look(self, started: StartedLook, key: str, scope: str) -> Look:
        raw = await started.raw
        epoch, beat = started.state.result()
        if epoch is None:
            epoch = await self._redis.run(self._scripts.epoch, [self._epoch_key], ["keep"])
        envelope = None if raw is None else parse_envelope(raw, self._namespace, key, scope)
        if envelope is None or envelope.epoch != int(epoch):
            return Look(epoch=int(epoch), raw=raw)
        is_fresh = self._is_fresh(envelope, is_watched=beat is not None)
        return Look(epoch=int(epoch), raw=raw, envelope=envelope, is_fresh=is_fresh)

    async def ask_lease(self, key: str, scope: str, *, token: str, look: Look) -> Grant:
        """Ask to load on behalf of everybody who began before this call."""
        args: list[Argument] = [scope, token, _format_ms(self._policy.lease_s), look.epoch, look.raw or b""]
        # Some of them may have begun after the look, and after everything was invalidated in between. A load or
        # a value of the former epoch is nothing for them, so the epoch is read again together with the answer.
        state = self._redis.start_shared("GET", self._epoch_key)
        answer = await self._redis.run(self._scripts.lease, [self._entry(key), self._dirty(key)], args)
        if state.result() != b"%d" % look.epoch or answer[0] == b"found":
            return Grant("outdated")
        match answer[0]:
            case b"granted":
                return Grant("granted", token)
            case b"held":
                return Grant("held", answer[1].decode())
            case _:
                return Grant("dirty")

    async def fill(
        self, key: str, scope: str, *, token: str, epoch: int, read_at: float, value: bytes | None
    ) -> bool:
        """Store what was loaded under this lease; False when the lease was revoked or has run out.

        `epoch` is the one that held before the load began: taken later it would lend an old value a new life.
        """
        policy = self._policy
        ttl_s = keep_s = policy.absent_ttl_s
        if value is not None:
            ttl_s = policy.ttl_s * _random.uniform(1 - policy.jitter, 1 + policy.jitter)
            keep_s = max(ttl_s, policy.serve_stale_s)
        envelope = Envelope(
            namespace=self._namespace,
            key=key,
            scope=scope,
            epoch=epoch,
            read_at=read_at,
            expires_at=read_at + ttl_s,
            value=value,
        )
        args: list[Argument] = [scope, token, format_envelope(envelope), _format_ms(keep_s)]
        return bool(await self._redis.run(self._scripts.fill, [self._entry(key), self._dirty(key)], args))

    async def release(self, key: str, scope: str, token: str) -> None:
        await self._redis.run(self._scripts.release, [self._entry(key)], [scope, token])

    async def mark(self, key: str, token: str) -> None:
        args: list[Argument] = [token, _format_ms(self._policy.dirty_s)]
        await self._redis.run(self._scripts.mark, [self._entry(key), self._dirty(key)], args)

    async def clear(self, key: str, token: str) -> None:
        await self._redis.run(self._scripts.clear, [self._entry(key), self._dirty(key)], [token])

    async def forget(self, keys: Sequence[str]) -> None:
        await self._redis.call("UNLINK", *(self._entry(key) for key in keys))

    async def forget_all(self) -> None:
        await self._redis.run(self._scripts.epoch, [self._epoch_key], ["renew"])

    async def beat(self, ttl_s: float) -> None:
        await self._redis.call("SET", self._beat_key, 1, "PX", _format_ms(ttl_s))

    def _is_fresh(self, envelope: Envelope, *, is_watched: bool) -> bool:
        now = self._clock()
        if now >= envelope.expires_at:
            return False
        unwatched_ttl_s = self._policy.unwatched_ttl_s
        return is_watched or unwatched_ttl_s is None or now - envelope.read_at <= unwatched_ttl_s

    def _entry(self, key: str) -> str:
        return f"{self._namespace}:e:{{{key}}}"

    def _dirty(self, key: str) -> str:
        return f"{self._namespace}:d:{{{key}}}"


def _format_ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
