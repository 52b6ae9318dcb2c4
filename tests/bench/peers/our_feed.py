"""The product's feed as its process runs it, but for the sign-in: the stand-in for the event bus takes any token."""

import asyncio
import json
import sys
import time

import httpx
import structlog

from cache.broadcast import Broadcast
from cache.connection import Redis
from sf_sync.accounts import AccountView
from sf_sync.client import SalesforceClient
from sf_sync.feed.feed import Feed
from sf_sync.feed.settings import FeedSettings
from sf_sync.salesforce import Salesforce
from sf_sync.settings import SalesforceSettings, Secret

BASE = "http://localhost:1"


def answer_token(request: httpx.Request) -> httpx.Response:
    identity = "https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"
    return httpx.Response(200, json={"access_token": "token", "instance_url": BASE, "id": identity})


async def main(target: str, redis_url: str, count: int) -> None:
    settings = SalesforceSettings(url=BASE, login_url=BASE, client_id="bench", client_secret=Secret("bench"))
    client = SalesforceClient(settings, transport=httpx.MockTransport(answer_token))
    redis = Redis.from_url(redis_url, timeout_s=5.0)
    await client.open()
    await redis.open()
    view = AccountView(Salesforce(client), redis, Broadcast(redis, redis_url, channel="bench"))
    feed = Feed(view, client, redis, FeedSettings(pubsub_target=target, pubsub_tls=False, live_after_s=0.1))
    stop = asyncio.Event()
    started, cpu = time.perf_counter(), time.process_time()
    running = asyncio.create_task(feed.run(stop))
    while feed.describe()["Account"].applied < count and not running.done():
        await asyncio.wait((running,), timeout=0.01)
    sys.stdout.write(json.dumps([time.perf_counter() - started, time.process_time() - cpu]))
    stop.set()
    await running
    await redis.close()
    await client.close()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
