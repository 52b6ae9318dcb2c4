"""How often something may be done, counted across processes."""

import math

import msgspec

from cache.connection import Redis
from cache.scripts import load_script

_TAKE = load_script("take")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`retry_after_s` is 0 when allowed, else the whole seconds until the window ends (at least 1)."""

    allowed: bool
    remaining: int
    retry_after_s: int


class Limiter:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def take(self, key: str, *, limit: int, window_s: float) -> Taken:
        """Count one use of `key`, refused ones too. A window starts at its first use and does not move.

        Raises `CacheUnavailable`: the caller decides whether that means yes or no.
        """
        window_ms = max(1, round(window_s * 1000))
        uses, left_ms = await self._redis.run(_TAKE, [f"limit:{{{key}}}"], [window_ms])
        if uses <= limit:
            return Taken(allowed=True, remaining=limit - uses, retry_after_s=0)
        return Taken(allowed=False, remaining=0, retry_after_s=max(1, math.ceil(left_ms / 1000)))
