"""The cached, typed view of one account that every feature reads."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal
from uuid import UUID

from cache.broadcast import Broadcast
from cache.connection import Redis
from cache.leased import Write
from msgspec import Struct

from sf_sync.objects.account import AccountFacts
from sf_sync.salesforce import Salesforce


class AccountNotFound(Exception):  # noqa: N818
    """Salesforce has no such account, or shows none to the integration user."""


class SourceUnavailable(Exception):  # noqa: N818
    """The account cannot be read now and no cached value may stand in. Raised from the cause."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Salesforce cannot be read; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Freshness(Struct, frozen=True, kw_only=True):
    """`as_of`: when the read of the source began. `stale`: older than promised, shown because the source
    fails.
    """

    as_of: datetime
    source: Literal["cache", "salesforce", "portal"]
    stale: bool = False


class Sighting(Struct, frozen=True, kw_only=True):
    facts: AccountFacts
    freshness: Freshness


def get_account_topic(account_id: str) -> str:
    """The broadcast topic on which a change of this account is told."""
    return f"account:{account_id}"


class AccountView:
    """One per process."""

    def __init__(
        self,
        salesforce: Salesforce,
        redis: Redis,
        broadcast: Broadcast,
        *,
        batch_window_s: float = 0.005,
    ) -> None:
        raise NotImplementedError

    async def read(self, org_id: UUID, account_id: str) -> Sighting:
        """For pages: from the cache, else from Salesforce, where misses of a few milliseconds share one call.

        Raises AccountNotFound, SourceUnavailable.
        """
        raise NotImplementedError

    async def read_live(self, account_id: str, *, timeout_s: float | None = None) -> Sighting:
        """For the gate: read in Salesforce by a call that starts after this one. Neither reads nor fills
        the cache.

        Raises AccountNotFound, SourceUnavailable.
        """
        raise NotImplementedError

    def writing(self, account_id: str) -> AbstractAsyncContextManager[Write]:
        """Around an own write: marks the account before, invalidates and tells listeners after.

        Call `write.leave_unknown()` when the outcome is not known: readers then go to Salesforce until it is.
        Works without Redis.
        """
        raise NotImplementedError

    async def invalidate(self, account_ids: Sequence[str]) -> None:
        """Forget these accounts in every org, then tell listeners. Raises CacheUnavailable."""
        raise NotImplementedError

    async def invalidate_all(self) -> None:
        """Forget every account. Listeners re-read only what they are told about, so none is told."""
        raise NotImplementedError

    async def beat(self, ttl_s: float) -> None:
        """The feed is healthy for the next `ttl_s` seconds."""
        raise NotImplementedError
