"""Values kept in Redis under leases: whoever changes the source revokes every fill that may have read the old value."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal

import msgspec

from cache.connection import Redis
from cache.policy import LeasePolicy


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `read_at` is when the read of the source began; `value` None means known to be absent."""

    value: bytes | None
    read_at: datetime
    source: Literal["cache", "source"]
    stale: bool


class Write(msgspec.Struct):
    """A write under way."""

    def leave_unknown(self) -> None:
        """Keep the key out of the cache after the block: nobody knows yet whether the write took place."""


class LeasedValues:
    def __init__(
        self, redis: Redis, *, namespace: str, load: Callable[[str, str], Awaitable[bytes | None]], policy: LeasePolicy
    ) -> None:
        """`load(key, scope)` reads the source; None means known absent, an exception is passed on and never stored."""

    async def read(self, key: str, scope: str) -> Reading:
        """The value, from the cache or the source; works without Redis. Raises what `load` raises."""
        raise NotImplementedError

    async def invalidate(self, keys: Sequence[str]) -> None:
        """Forget the values of all scopes of these keys and revoke fills under way. Raises `CacheUnavailable`."""

    async def invalidate_all(self) -> None:
        """Forget every value of the namespace. Raises `CacheUnavailable`."""

    def writing(self, key: str) -> AbstractAsyncContextManager[Write]:
        """Surround a write to the source: nothing is cached until it is over, and nothing older afterwards.

        Works without Redis. A block left by an exception counts as unknown.
        """
        raise NotImplementedError

    async def beat(self, *, ttl_s: float) -> None:
        """Say that changes of the source are being followed for the next `ttl_s`."""
