"""The outbox's verbs: promise, try now, try what is due, find what nobody tries."""

import asyncio
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries import table
from bff.deliveries.handlers import DeliveryHandler, find_handler
from bff.deliveries.outcomes import (
    Delivered,
    Delivery,
    DeliveryState,
    Refused,
    Retry,
    Unknown,
)
from bff.deliveries.rules import plan_next_try
from bff.deliveries.table import Claimed
from bff.deliveries.trying import send_or_find
from bff.tenancy import list_orgs

TASK = "deliver"
UNKNOWN_KIND_S = 20.0

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How patient the outbox is, in seconds.

    `job_after_s`: the web process tries at once, and the job is for the case that it can't. `lease_margin_s`: by how
    much a claim outlives the longest try. `late_s`: how overdue a delivery must be for the sweep to look after it.
    """

    job_after_s: float = 5.0
    lease_margin_s: float = 10.0
    late_s: float = 15.0


class Deliveries:
    """One per process. Nothing promised is ever dropped: what no process tries any more, the sweep finds."""

    def __init__(
        self,
        adapters: Adapters,
        *,
        now: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
        pace: Pace | None = None,
    ) -> None:
        self._adapters = adapters
        self._database = adapters.database
        self._jobs = adapters.jobs
        self._now = now
        self._chance = chance
        self._pace = pace or Pace()
        self._running: dict[UUID, asyncio.Task[DeliveryState]] = {}

    async def enqueue(
        self,
        session: AsyncSession,
        *,
        kind: str,
        org_id: UUID,
        account_id: str,
        payload: dict[str, Any],
        op_id: UUID,
    ) -> None:
        """Promise a write: its row and its job commit or vanish with the caller's transaction.

        `op_id` is the external id that the handler writes under, so that Salesforce can be asked for it.
        """
        await table.insert(
            session, org_id=org_id, op_id=op_id, kind=kind, account_id=account_id, payload=payload
        )
        await self._defer(session, org_id, op_id, after_s=self._pace.job_after_s)

    async def attempt(self, org_id: UUID, op_id: UUID, *, budget_s: float = 2.5) -> DeliveryState:
        """Try now and say where the delivery stands; call it after the promise has committed.

        After `budget_s` the answer is `waiting` while the try goes on behind, because cutting it off would
        leave its outcome unknown. Who asks while a try is under way here waits for that one.
        """
        task = self._running.get(op_id)
        if task is None:
            task = asyncio.create_task(self._try(org_id, op_id, only_due=False))
            self._running[op_id] = task
            task.add_done_callback(partial(self._finish, op_id))
        done, _ = await asyncio.wait({task}, timeout=budget_s)
        if done and task.exception() is None:
            return task.result()
        return DeliveryState.WAITING

    async def run_job(self, org_id: UUID, op_id: UUID) -> None:
        """The worker's try. One that comes too early puts itself off until the delivery is due."""
        await self._try(org_id, op_id, only_due=True)
        async with self._database.transaction(org_id) as session:
            due_in_s = await table.find_due_in_s(session, org_id, op_id)
            if due_in_s is not None and due_in_s > 0:
                await self._defer(session, org_id, op_id, after_s=due_in_s)

    async def sweep(self) -> int:
        """Promise a job again for every delivery that is late and in nobody's hands; how many there were."""
        async with self._database.orgless() as session:
            orgs = await list_orgs(session)
        found = 0
        for org in orgs:
            async with self._database.transaction(org.id) as session:
                for op_id in await table.list_overdue(session, org.id, late_s=self._pace.late_s):
                    found += await self._defer(session, org.id, op_id)
        return found

    async def drain(self, *, within_s: float = 5.0) -> None:
        """Let tries that go on behind an answer come to their end."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=within_s)

    def _finish(self, op_id: UUID, task: asyncio.Task[DeliveryState]) -> None:
        del self._running[op_id]
        if not task.cancelled() and (error := task.exception()):
            log.warning("delivery_try_failed", exc_info=error)

    async def _try(self, org_id: UUID, op_id: UUID, *, only_due: bool) -> DeliveryState:
        claimed = await self._claim(org_id, op_id, only_due=only_due)
        if claimed is None:
            async with self._database.transaction(org_id) as session:
                return await table.read_state(session, org_id, op_id)
        handler = find_handler(claimed.delivery.kind)
        outcome = await send_or_find(handler, claimed, self._adapters)
        if isinstance(outcome, Retry | Unknown):
            return await self._postpone(claimed, outcome)
        return await self._settle(claimed, outcome, handler)

    async def _claim(self, org_id: UUID, op_id: UUID, *, only_due: bool) -> Claimed | None:
        async with self._database.transaction(org_id) as session:
            handler = find_handler(await table.lock_account(session, org_id, op_id))
            longest_s = handler.timeout_s if handler else UNKNOWN_KIND_S
            return await table.claim(
                session,
                org_id,
                op_id,
                token=uuid4(),
                lease_s=longest_s + self._pace.lease_margin_s,
                only_due=only_due,
            )

    async def _settle(
        self, claimed: Claimed, outcome: Delivered | Refused, handler: DeliveryHandler | None
    ) -> DeliveryState:
        """The delivery's row, the feature's row and the account's next job in one transaction, once."""
        delivered = isinstance(outcome, Delivered)
        state = DeliveryState.DELIVERED if delivered else DeliveryState.REFUSED
        delivery = claimed.delivery
        async with self._database.transaction(delivery.org_id) as session:
            is_mine = await table.settle(
                session,
                claimed,
                state,
                salesforce_id=outcome.salesforce_id if isinstance(outcome, Delivered) else None,
                reason=outcome.reason if isinstance(outcome, Refused) else None,
            )
            if not is_mine or handler is None:
                return await table.read_state(session, delivery.org_id, delivery.id)
            await handler.settle(session, delivery, outcome)
            if follower := await table.find_follower(session, delivery):
                await self._defer(session, delivery.org_id, follower)
        log.info("delivery_settled", delivery=delivery.id, delivery_kind=delivery.kind, state=state)
        await self._tell_settled(handler, delivery)
        return state

    async def _tell_settled(self, handler: DeliveryHandler, delivery: Delivery) -> None:
        """It is delivered whatever goes wrong here, and must not look otherwise to who waits."""
        try:
            await handler.settled(delivery, self._adapters)
        except Exception:
            log.exception("delivery_settled_untold", delivery=delivery.id, delivery_kind=delivery.kind)

    async def _postpone(self, claimed: Claimed, outcome: Retry | Unknown) -> DeliveryState:
        delivery = claimed.delivery
        plan = plan_next_try(
            outcome,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            now=self._now(),
            chance=self._chance(),
        )
        async with self._database.transaction(delivery.org_id) as session:
            unknown = isinstance(outcome, Unknown)
            if not await table.postpone(session, claimed, plan, reason=outcome.reason, unknown=unknown):
                return await table.read_state(session, delivery.org_id, delivery.id)
            await self._defer(session, delivery.org_id, delivery.id, after_s=plan.after_s)
        # Parking is the alarm: from here on somebody should look.
        tell = log.error if plan.state is DeliveryState.PARKED else log.warning
        tell(
            "delivery_put_off",
            delivery=delivery.id,
            delivery_kind=delivery.kind,
            state=plan.state,
            attempts=delivery.attempts,
            due_s=round(plan.after_s, 1),
            reason=outcome.reason,
        )
        return plan.state

    async def _defer(self, session: AsyncSession, org_id: UUID, op_id: UUID, *, after_s: float = 0) -> bool:
        return await self._jobs.defer(
            session,
            TASK,
            queueing_lock=f"delivery:{op_id}",
            after_s=math.ceil(after_s),
            arguments={"org_id": str(org_id), "op_id": str(op_id)},
        )
