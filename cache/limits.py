"""How often something may be done, counted across processes."""

import msgspec

from cache.connection import Redis


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`retry_after_s` is 0 when allowed, else the whole seconds until the window ends (at least 1)."""

    allowed: bool
    remaining: int
    retry_after_s: int


class Limiter:
    def __init__(self, redis: Redis) -> None:
        pass

    async def take(self, key: str, *, limit: int, window_s: float) -> Taken:
        """Count one use of `key`. The window starts at its first use.

        Raises `CacheUnavailable`: the caller decides whether that means yes or no.
        """
        raise NotImplementedError
