"""One leader among processes, for a term that must be renewed."""

import secrets

import msgspec

from cache.connection import Redis
from cache.scripts import load_script

_LEAD = load_script("lead")
_RENEW = load_script("renew")
_RESIGN = load_script("resign")


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """`fencing` grows from term to term, so that what a former leader still sends can be told and refused."""

    token: str
    fencing: int


class Leadership:
    """A process that was stalled may believe in a term that is over: let each effect compare `key` or `fencing`.

    Renew at a third of `ttl_s`, and stop acting when that has failed for `ttl_s`.
    """

    def __init__(self, redis: Redis, name: str, *, ttl_s: float = 10.0) -> None:
        self._redis = redis
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self._fence_key = f"lead:{{{name}}}:fence"
        self.key = f"lead:{{{name}}}:leader"
        """The Redis key that holds the leader's token, for scripts that act only while it does."""

    async def acquire(self) -> Term | None:
        """Become the leader for `ttl_s`; None while another one is. Raises `CacheUnavailable`."""
        token = secrets.token_hex(16)
        fencing = await self._redis.run(_LEAD, [self.key, self._fence_key], [token, self._ttl_ms])
        return None if fencing is None else Term(token=token, fencing=int(fencing))

    async def renew(self, term: Term) -> bool:
        """Stay for another `ttl_s`; False when the term is over. Raises `CacheUnavailable`."""
        return bool(await self._redis.run(_RENEW, [self.key], [term.token, self._ttl_ms]))

    async def release(self, term: Term) -> None:
        """Step down; does nothing to the term of another. Raises `CacheUnavailable`."""
        await self._redis.run(_RESIGN, [self.key], [term.token])
