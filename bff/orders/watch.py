"""Hearing of changed accounts, and promising a look at their orders: runs beside the worker's jobs."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.db import DatabaseUnavailable
from bff.orders.following import pick_followed_accounts
from bff.tenancy import list_orgs
from cache.gathering import Gathered
from sf_sync.accounts import EVERY_ACCOUNT_TOPIC, NAMESPACE

TASK = "review_orders"
SWEEP = "sweep_order_reviews"
PREFIX = f"{NAMESPACE}:"

log = structlog.get_logger(__name__)


class OrderWatch:
    """What it misses, because a process or an engine was away, the sweep finds."""

    def __init__(self, adapters: Adapters) -> None:
        self._broadcast = adapters.broadcast
        self._database = adapters.database
        self._jobs = adapters.jobs

    async def run(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        async with self._broadcast.gather(PREFIX) as gathering:
            while not stop.is_set():
                hearing = asyncio.ensure_future(anext(gathering))
                await asyncio.wait({hearing, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not hearing.done():
                    hearing.cancel()
                    break
                if hearing.exception():
                    break
                with suppress(DatabaseUnavailable):
                    await self.notice(hearing.result())
        stopping.cancel()

    async def notice(self, gathered: Gathered) -> int:
        """How many looks were promised; one sweep where nobody can say which accounts changed."""
        if gathered.everything or EVERY_ACCOUNT_TOPIC in gathered.topics:
            return await self._promise_sweep()
        among = [topic.removeprefix(PREFIX) for topic in gathered.topics]
        async with self._database.orgless() as session:
            orgs = await list_orgs(session)
        promised = 0
        for org in orgs:
            async with self._database.transaction(org.id) as session:
                promised += await self._promise_looks(session, org.id, among)
        return promised

    async def _promise_sweep(self) -> int:
        async with self._database.orgless() as session:
            return await self._jobs.defer(session, SWEEP, queueing_lock=SWEEP, arguments={"timestamp": 0})

    async def _promise_looks(self, session: AsyncSession, org_id: UUID, among: Sequence[str]) -> int:
        accounts = await pick_followed_accounts(session, org_id=org_id, among=among)
        for account_id in accounts:
            name = f"order-review:{org_id}:{account_id}"
            arguments = {"org_id": str(org_id), "account_id": account_id}
            await self._jobs.defer(session, TASK, lock=name, queueing_lock=name, arguments=arguments)
        return len(accounts)
