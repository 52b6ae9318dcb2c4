"""A feed as a process of its own, to be killed: `python -m tests.faults.feed_process`, told all by its environment."""

import asyncio
import os
import signal
from collections.abc import Mapping

from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.feed.feed import Feed
from sf_sync.feed.settings import FeedSettings
from sf_sync.salesforce import Salesforce
from sf_sync.settings import SalesforceSettings


def read_settings(environ: Mapping[str, str]) -> FeedSettings:
    """Quick to take over and to live, as a test wants it."""
    return FeedSettings(
        pubsub_target=environ["SALESFORCE_PUBSUB_TARGET"],
        pubsub_tls=False,
        leader_ttl_s=0.6,
        tick_s=0.05,
        live_after_s=0.3,
        backoff_first_s=0.05,
    )


async def main(environ: Mapping[str, str]) -> None:
    redis = Redis.from_url(environ["REDIS_URL"], timeout_s=2.0)
    client = SalesforceClient(SalesforceSettings.from_env(environ))
    await redis.open()
    await client.open()
    view = AccountView(Salesforce(client), redis, Broadcast(redis, environ["REDIS_URL"], channel="changes"))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Feed(view, client, redis, read_settings(environ)).run(stop)
    await client.close()
    await redis.close()


if __name__ == "__main__":
    asyncio.run(main(os.environ))
