"""A feed between an emulated org and a Valkey, quick enough for tests, and the ways to trouble it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import uvicorn

from bff.engines.ports import choose_free_port
from cache.broadcast import Broadcast
from cache.connection import Redis
from cache.errors import CacheError
from sf_sync.accounts import AccountNotFound, AccountView
from sf_sync.client import SalesforceClient
from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from sf_sync.feed.feed import Feed
from sf_sync.feed.settings import FeedSettings
from sf_sync.feed.state import FeedMode, FeedState, read_feed_state
from sf_sync.salesforce import Salesforce
from sf_sync.settings import SalesforceSettings
from tests.fixtures.emulator import make_salesforce_settings

ORG = UUID("00000000-0000-4000-8000-000000000001")
TOPIC = "/data/AccountChangeEvent"
POSITION_KEY = f"{{feed}}:position:{TOPIC}"
REVIEWER = "com/salesforce/api/soap/66.0;client=SfdcInternalAPI/"

QUICK = FeedSettings(
    pubsub_tls=False,
    watchdog_s=60.0,
    live_after_s=0.2,
    tick_s=0.05,
    beat_every_s=0.05,
    beat_ttl_s=0.3,
    polling_after_s=0.4,
    poll_interval_s=0.1,
    leader_ttl_s=1.0,
    backoff_first_s=0.02,
    backoff_cap_s=0.2,
    slow_retry_s=0.2,
    schema_patience_s=0.5,
)


async def until(
    condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = 5.0, what: str = "the expected"
) -> None:
    """Waits for a state that nothing announces."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                met = condition()
                if met if isinstance(met, bool) else await met:
                    return
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen within {within_s} s") from None


class Process:
    """One feed with connections of its own, as in a process of its own."""

    def __init__(self, redis_url: str, salesforce: SalesforceSettings, settings: FeedSettings) -> None:
        self.settings = settings
        self.redis = Redis.from_url(redis_url, timeout_s=2.0)
        self.client = SalesforceClient(salesforce)
        self.broadcast = Broadcast(self.redis, redis_url, channel="changes")
        self.view = AccountView(Salesforce(self.client), self.redis, self.broadcast)
        self.feed = Feed(self.view, self.client, self.redis, settings)
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.redis.open()
        await self.client.open()

    def start(self) -> None:
        self._stop.clear()
        self._running = asyncio.create_task(self.feed.run(self._stop))

    @property
    def state(self) -> FeedState:
        if self._running is not None and self._running.done():
            self._running.result()
        return self.feed.describe()["Account"]

    async def until_mode(self, mode: FeedMode, *, within_s: float = 5.0) -> None:
        await until(lambda: self.state.mode == mode, within_s=within_s, what=f"mode {mode}")

    async def stop(self) -> None:
        """In order: the lead is given up."""
        self._stop.set()
        if self._running is not None:
            await self._running
            self._running = None

    async def die(self) -> None:
        """Without a word, as after kill -9: nothing is given up, and nothing more reaches Redis."""
        await self.redis.close()
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def close(self) -> None:
        await self.stop()
        await self.client.close()
        await self.redis.close()


class Rig:
    """Reads go through a view of the rig's own, as those of a web process do."""

    def __init__(self, emulator: Emulator, url: str, redis_url: str, salesforce: SalesforceSettings) -> None:
        self.emulator = emulator
        self.org = emulator.org
        self.redis_url = redis_url
        self.settings = msgspec.structs.replace(
            QUICK, pubsub_target=f"127.0.0.1:{emulator.settings.pubsub_port}"
        )
        self._salesforce = salesforce
        self.url = url
        self._processes: list[Process] = []
        self.web: Process

    async def open(self) -> None:
        self.web = await self.make_process()

    async def make_process(self, **changes: Any) -> Process:
        """Open, not started; `changes` are settings of the feed."""
        settings = msgspec.structs.replace(self.settings, **changes)
        process = Process(self.redis_url, self._salesforce, settings)
        await process.open()
        self._processes.append(process)
        return process

    async def start_feed(self, mode: FeedMode = FeedMode.LIVE, **changes: Any) -> Process:
        process = await self.make_process(**changes)
        process.start()
        await process.until_mode(mode)
        return process

    async def close(self) -> None:
        for process in self._processes:
            await process.close()

    # --- the source ---

    def make_accounts(self, count: int) -> list[str]:
        with self.org.transaction(user_id=self.user_id, origin=REVIEWER) as transaction:
            return [transaction.insert("Account", {"Name": f"Account {number}"}) for number in range(count)]

    def change(self, account_id: str, result: str) -> None:
        """What a reviewer does."""
        with self.org.transaction(user_id=self.user_id, origin=REVIEWER) as transaction:
            transaction.update("Account", account_id, {"Internet_Eligibility__c": result})

    def change_unheard(self, account_id: str, result: str) -> None:
        """A change whose event is lost: it is in the org but not in the log of events."""
        self.org.tables["Account"].rows[account_id]["Internet_Eligibility__c"] = result

    @property
    def user_id(self) -> str:
        return next(iter(self.org.tables["User"].rows))

    async def act(self, action: str, **order: Any) -> dict[str, Any]:
        """A single odd thing on the stream."""
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.url}/emulator/stream/{action}", json=order)
            answer.raise_for_status()
            body: dict[str, Any] = answer.json()
            return body

    # --- the cache ---

    async def read(self, account_id: str) -> str | None:
        """The result that a page shows; "gone" when there is no such account."""
        try:
            sighting = await self.web.view.read(ORG, account_id)
        except AccountNotFound:
            return "gone"
        return sighting.facts.eligibility.result

    async def is_cached(self, account_id: str) -> bool:
        sighting = await self.web.view.read(ORG, account_id)
        return sighting.freshness.source == "cache"

    async def fill(self, *account_ids: str) -> None:
        """Reads until each comes from the cache, so that only an invalidation can make the next read see more."""
        for account_id in account_ids:
            await until(lambda account_id=account_id: self.is_cached(account_id), what="a filled entry")

    async def until_shown(self, account_id: str, result: str, *, within_s: float = 5.0) -> None:
        async def is_shown() -> bool:
            return await self.read(account_id) == result

        await until(is_shown, within_s=within_s, what=f"{result!r} on the page")

    async def get_position(self) -> dict[bytes, bytes]:
        reply = await self.web.redis.call("HGETALL", POSITION_KEY)
        return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))

    async def until_redis_answers(self) -> None:
        """The page's connection is back."""

        async def answers() -> bool:
            try:
                return bool(await self.web.redis.call("PING"))
            except CacheError:
                return False

        await until(answers, what="an answer of Redis")

    async def has_position(self) -> bool:
        return b"replay_id" in await self.get_position()

    async def get_epoch(self) -> bytes:
        """Another one means that every entry was forgotten at once."""
        epoch: bytes = await self.web.redis.call("GET", "{account}:epoch")
        return epoch

    async def read_state(self) -> FeedState:
        return await read_feed_state(self.web.redis, now=datetime.now(UTC))

    async def has_beat(self) -> bool:
        try:
            return bool(await self.web.redis.call("EXISTS", "{account}:beat"))
        except CacheError:
            return False

    async def until_no_beat(self) -> None:
        async def is_quiet() -> bool:
            return not await self.has_beat()

        await until(is_quiet, what="the end of the heartbeat")


@asynccontextmanager
async def open_rig(redis_url: str, **changes: Any) -> AsyncIterator[Rig]:
    """An emulator on free ports, in the test's own loop, with a rig around it; `changes` are its settings."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings = EmulatorSettings(port=port, pubsub_port=choose_free_port(), demo=True, stream_keepalive_s=0.3)
    emulator = create_emulator(msgspec.structs.replace(settings, **changes))
    config = uvicorn.Config(
        emulator.asgi, log_level="warning", access_log=False, lifespan="off", interface="asgi3"
    )
    server = uvicorn.Server(config)
    await emulator.start()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{port}"
    rig = Rig(emulator, url, redis_url, make_salesforce_settings(url))
    try:
        await rig.open()
        yield rig
        await rig.close()
    finally:
        server.should_exit = True
        await emulator.stop()
        await serving
