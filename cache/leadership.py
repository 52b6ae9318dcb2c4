"""One leader among processes, for a term that must be renewed."""

import msgspec

from cache.connection import Redis


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """`fencing` grows with every term, so that whatever a former leader still sends can be told and refused."""

    token: str
    fencing: int


class Leadership:
    def __init__(self, redis: Redis, name: str, *, ttl_s: float = 10.0) -> None:
        pass

    @property
    def key(self) -> str:
        """The Redis key that holds the leader's token: a script that must only act for the leader compares it."""
        raise NotImplementedError

    async def acquire(self) -> Term | None:
        """Become the leader for `ttl_s`; None while another one is. Raises `CacheUnavailable`."""

    async def renew(self, term: Term) -> bool:
        """Stay for another `ttl_s`; False when the term is over. Raises `CacheUnavailable`."""
        raise NotImplementedError

    async def release(self, term: Term) -> None:
        """Step down; does nothing to the term of another. Raises `CacheUnavailable`."""
