"""Following one customer's facts for as long as somebody listens."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

import msgspec

from bff.errors import PortalError, TooManyRequests
from bff.identity import Caller
from bff.identity.sessions import Sessions
from bff.stream.facts import NOBODY_CAN_TELL, Facts, FactsReader, Version, make_first_version
from cache.broadcast import Broadcast, Listener
from cache.errors import CacheError
from sf_sync.accounts import EVERY_ACCOUNT_TOPIC, get_account_topic

KEEP_ALIVE_S = 15.0
LIFETIME_S = 900.0
"""Then the browser connects anew, which checks again who is calling."""
MOST_STREAMS = 5000
MOST_PER_ACCOUNT = 50


class News(msgspec.Struct, frozen=True):
    """`ready` comes once, at the start; `silence` keeps proxies from closing a quiet connection."""

    kind: Literal["ready", "status", "silence"]
    facts: Facts | None = None
    version: Version | None = None


class Streams:
    """One per process."""

    def __init__(
        self,
        reader: FactsReader,
        broadcast: Broadcast,
        sessions: Sessions,
        *,
        stopping: asyncio.Event,
        keep_alive_s: float = KEEP_ALIVE_S,
        lifetime_s: float = LIFETIME_S,
    ) -> None:
        self._reader = reader
        self._broadcast = broadcast
        self._sessions = sessions
        self._stopping = stopping
        self._keep_alive_s = keep_alive_s
        self._lifetime_s = lifetime_s
        self._open: Counter[str] = Counter()

    def check_room(self, caller: Caller) -> None:
        """
        Raises:
            TooManyRequests: this process follows as many as it may, or as many of this account.
        """
        if self._open.total() >= MOST_STREAMS or self._open[caller.account_id or ""] >= MOST_PER_ACCOUNT:
            raise TooManyRequests(retry_after_s=30)

    async def follow(self, caller: Caller) -> AsyncGenerator[News, None]:
        """Ends when the session does, when the process stops, and after a while by itself."""
        account_id = caller.account_id or ""
        self._open[account_id] += 1
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            topics = (get_account_topic(account_id), EVERY_ACCOUNT_TOPIC)
            async with (
                self._broadcast.listen(*topics) as listener,
                aclosing(self._watch(caller, listener, stopping)) as watch,
            ):
                async for news in watch:
                    yield news
        finally:
            stopping.cancel()
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]

    async def _watch(
        self, caller: Caller, listener: Listener, stopping: asyncio.Task[bool]
    ) -> AsyncGenerator[News, None]:
        # Not all at once: streams that began together, after a restart, would end together.
        ends_at = time.monotonic() + self._lifetime_s * random.uniform(0.8, 1.2)  # noqa: S311
        facts = await self._read(caller)
        version = make_first_version(facts)
        yield News("ready", facts, version)
        while await self._may_go_on(caller, ends_at):
            heard = await self._hear(listener, stopping, facts.retry_after_s)
            if heard == "end":
                return
            if heard == "silence":
                yield News("silence")
            if heard == "silence" and facts.retry_after_s is None:
                continue
            facts = await self._read(caller)
            if (newer := version.follow(facts)) != version:
                version = newer
                yield News("status", facts, version)

    async def _read(self, caller: Caller) -> Facts:
        try:
            return await self._reader.read(caller)
        except (PortalError, CacheError):
            return NOBODY_CAN_TELL

    async def _may_go_on(self, caller: Caller, ends_at: float) -> bool:
        if self._stopping.is_set() or time.monotonic() >= ends_at:
            return False
        try:
            return caller.session_key is None or await self._sessions.is_live(caller.session_key)
        except CacheError:
            return True

    async def _hear(
        self, listener: Listener, stopping: asyncio.Task[bool], look_again_s: int | None
    ) -> Literal["notice", "silence", "end"]:
        notice = asyncio.ensure_future(anext(listener))
        timeout_s = min(self._keep_alive_s, look_again_s or self._keep_alive_s)
        try:
            await asyncio.wait({notice, stopping}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not notice.done():
                return "end" if stopping.done() else "silence"
            return "end" if notice.exception() else "notice"
        finally:
            notice.cancel()
