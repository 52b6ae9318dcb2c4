"""Reads of many accounts that arrive within a few milliseconds, as one call."""

import asyncio
from datetime import UTC, datetime

from msgspec import Struct

from sf_sync.client import Lane
from sf_sync.client.rest import MOST_ROWS
from sf_sync.objects.account import AccountFacts
from sf_sync.salesforce import Salesforce

LONGEST_COLLECTING = 6
"""A batch is sent after one window without a newcomer, and after so many windows in any case."""


class Fetched(Struct, frozen=True, kw_only=True):
    """What the source said. The read began at `started_at`, so it shows every change up to then."""

    facts: AccountFacts | None
    started_at: datetime


class AccountReader:
    """Collects the accounts that are asked for and reads them together.

    `most_in_flight` bounds the calls of a stampede: what arrives while they are out makes one more batch.
    """

    def __init__(
        self,
        salesforce: Salesforce,
        *,
        lane: Lane,
        window_s: float,
        most_in_flight: int,
        timeout_s: float | None = None,
    ) -> None:
        self._salesforce = salesforce
        self._lane = lane
        self._window_s = window_s
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(most_in_flight)
        self._asked: dict[str, asyncio.Future[Fetched]] = {}
        self._collecting: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def read(self, account_id: str) -> Fetched:
        """By a call that starts after this one. Raises the errors of `sf_sync.errors`."""
        answer = self._asked.get(account_id)
        if answer is None:
            answer = self._asked[account_id] = asyncio.get_running_loop().create_future()
            # When every caller gave up, nobody else reads a failure, and asyncio would complain about it.
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())
            if self._collecting is None:
                self._collecting = asyncio.create_task(self._collect())
        return await asyncio.shield(answer)

    async def _collect(self) -> None:
        try:
            while self._asked:
                await self._wait_for_quiet()
                await self._places.acquire()
                sending = asyncio.create_task(self._send(self._take_batch()))
                self._sending.add(sending)
                sending.add_done_callback(self._finish)
        finally:
            self._collecting = None

    def _finish(self, sending: asyncio.Task[None]) -> None:
        self._sending.discard(sending)
        self._places.release()

    async def _wait_for_quiet(self) -> None:
        for _ in range(LONGEST_COLLECTING):
            size = len(self._asked)
            await asyncio.sleep(self._window_s)
            if len(self._asked) == size or size >= MOST_ROWS:
                return

    def _take_batch(self) -> dict[str, asyncio.Future[Fetched]]:
        ids = list(self._asked)[:MOST_ROWS]
        return {account_id: self._asked.pop(account_id) for account_id in ids}

    async def _send(self, batch: dict[str, asyncio.Future[Fetched]]) -> None:
        started_at = datetime.now(UTC)
        try:
            found = await self._salesforce.read_accounts(
                list(batch), lane=self._lane, timeout_s=self._timeout_s
            )
        except BaseException as error:
            for answer in batch.values():
                if not answer.done():
                    answer.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for account_id, answer in batch.items():
            if not answer.done():
                answer.set_result(Fetched(facts=found[account_id], started_at=started_at))
