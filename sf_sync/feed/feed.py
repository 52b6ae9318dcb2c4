"""The feed process: lead or stand by, and while leading keep stream, heartbeat, polling and state going."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.state import FeedState


def read_clock() -> datetime:
    return datetime.now(UTC)


class Feed:
    """Everything between `/data/AccountChangeEvent` and the cached account view."""

    def __init__(
        self,
        view: AccountView,
        client: SalesforceClient,
        redis: Redis,
        settings: FeedSettings,
        *,
        now: Callable[[], datetime] = read_clock,
    ) -> None:
        raise NotImplementedError

    async def run(self, stop: asyncio.Event) -> None:
        """Lead or stand by until `stop` is set; then give up the lead, so that another takes over at once.

        Outlives every outage of Salesforce and Redis. The caller opens and closes view, client and redis.
        """
        raise NotImplementedError

    @property
    def state(self) -> FeedState:
        """What this process does right now."""
        raise NotImplementedError
