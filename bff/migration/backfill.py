"""Moving every row that is in the table: by keyset, resumable after any end, always behind what customers do.

One task reads pages, promises deliveries in the run's name and reads the bytes a little ahead; as many senders as the
background lane has places move documents; one task writes down what came of them, many at a time. What was promised by
a run that was killed is given back by the next one, which holds the same advisory lock and so knows that nobody has it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bff.adapters import Adapters
from bff.deliveries import Deliveries, Delivery, DeliveryState, Outcome, Refused, Retry, Unknown, batches
from bff.legacy import LegacyRow
from bff.migration import repository
from bff.migration.loads import LOAD_DOCUMENTS, Content, Load, Room, Unit, cut_loads
from bff.migration.moving import KIND, move, settle_moves
from bff.migration.phases import Phase
from bff.migration.promising import apply_promises, pick_unmoved, plan_promises
from cache.errors import CacheError
from sf_sync.client import Lane
from sf_sync.client.budget import STOPS_AT
from sf_sync.errors import SalesforceError
from sf_sync.objects.account import AccountFacts

PAGE = 100
SETTLE_AT_ONCE = 50
SETTLE_AFTER_S = 0.25
AHEAD = 2 * LOAD_DOCUMENTS
AHEAD_BYTES = 16 * 1024 * 1024
"""How much may be read and not sent yet."""
LOOK_EVERY_S = 0.5
"""How often it is looked whether an operator paused it or customers wait."""
LATE_S = 1.0
AGAIN_S = 5.0
MAY_RUN = frozenset({Phase.BACKFILL, Phase.VERIFY, Phase.SHADOW_READ, Phase.RAMP, Phase.SALESFORCE})

TAKE_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('migration-backfill' || :org, 0))")
GIVE_LOCK = text("SELECT pg_advisory_unlock(hashtextextended('migration-backfill' || :org, 0))")

log = structlog.get_logger(__name__)


class BackfillRefused(Exception):
    """It may not run; the message says why, in a sentence."""


class Progress(msgspec.Struct, kw_only=True):
    """Counts since this run began; `total` is of the whole table. `waits_for` is why nothing moves just now."""

    total: int = 0
    known: int = 0
    moved: int = 0
    reported: int = 0
    put_off: int = 0
    waits_for: str = ""
    began: float = 0.0

    @property
    def done(self) -> int:
        return min(self.total, self.known + self.moved + self.reported)

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.moved / max(time.monotonic() - self.began, 0.001)

    @property
    def left_s(self) -> float | None:
        return (self.total - self.done) / self.rate if self.moved else None


class Backfill:
    """One run for one org."""

    def __init__(
        self,
        adapters: Adapters,
        org_id: UUID,
        *,
        at_once: int | None = None,
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._adapters = adapters
        self._database = adapters.database
        self._org_id = org_id
        self._at_once = at_once or max(1, adapters.client.settings.concurrency // 2)
        self._tell = tell
        self._claim = uuid4()
        self._ready: asyncio.Queue[tuple[Unit, Content] | None] = asyncio.Queue(AHEAD)
        self._room = Room(AHEAD_BYTES)
        self._outcomes: asyncio.Queue[tuple[Delivery, Outcome] | None] = asyncio.Queue()
        self._may_send = asyncio.Event()
        self._given_up: set[str] = set()
        self.progress = Progress(began=time.monotonic())

    async def run(self) -> Progress:
        """Until every row that there is has been moved, reported or put off.

        Raises:
            BackfillRefused: another run has the org, or its phase is not one in which documents move.
        """
        async with self._alone():
            await self._begin()
            try:
                await self._work()
            except BaseExceptionGroup as errors:
                # One is enough to tell; the others are of the same cause or of its consequences.
                raise find_first(errors) from errors
            await self._try_open()
        self._tell(self.progress)
        return self.progress

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            async with asyncio.TaskGroup() as moving:
                moving.create_task(self._settle_all())
                moving.create_task(self._move_all())
            watching.cancel()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """A lock of the connection's: it ends with the process, however that ends."""
        async with self._database.engine.connect() as connection:
            own = await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not (await own.execute(TAKE_LOCK, {"org": str(self._org_id)})).scalar_one():
                raise BackfillRefused("A backfill of this organisation is running already.")
            try:
                yield
            finally:
                with suppress(DBAPIError):
                    await own.execute(GIVE_LOCK, {"org": str(self._org_id)})
                # Or it would go back to the pool, perhaps with the lock still on it.
                await connection.invalidate()

    async def _begin(self) -> None:
        async with self._database.transaction(self._org_id) as session:
            entry = await repository.find_entry(session, self._org_id)
            if entry is None or entry.phase not in MAY_RUN:
                raise BackfillRefused("Documents move from the phase backfill on: bff migrate advance.")
            values = {"org": self._org_id, "claim": self._claim}
            before = (await session.execute(repository.SET_CLAIM, values)).scalar_one()
            if before is not None:
                await batches.release(session, org_id=self._org_id, kind=KIND, claim=before)
            counts = await repository.get_counts(session, self._org_id)
        self.progress.total = await self._adapters.legacy.count(self._org_id)
        self.progress.known = counts.moved
        await self._try_open()

    async def _move_all(self) -> None:
        """What arrives behind the cursor is found by starting over, until a round from the start finds nothing."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._send_all())
            while await self._go_round():
                pass
            for _ in range(self._at_once):
                await self._ready.put(None)
        await self._outcomes.put(None)

    async def _go_round(self) -> bool:
        """Whether another round is worth its while."""
        async with self._database.transaction(self._org_id) as session:
            entry = await repository.find_entry(session, self._org_id)
        cursor = entry.cursor if entry else None
        found_any = cursor is not None
        while rows := await self._adapters.legacy.list_page(self._org_id, after=cursor, limit=PAGE):
            cursor = rows[-1].id
            for load in cut_loads(await self._prepare(rows, cursor)):
                found_any = True
                await self._read_ahead(load)
            self._tell(self.progress)
        async with self._database.transaction(self._org_id) as session:
            await session.execute(repository.SET_CURSOR, {"org": self._org_id, "cursor": None})
        return found_any

    async def _prepare(self, page: Sequence[LegacyRow], cursor: str) -> list[Unit]:
        """Promise what of a page is new, with all other rows of the same customers, so that theirs stay in order."""
        given_up = frozenset(self._given_up)
        async with self._database.transaction(self._org_id) as session:
            fresh = await pick_unmoved(session, self._org_id, page, given_up=given_up)
        if not fresh:
            return []
        customers = list(dict.fromkeys(row.customer for row in fresh))
        rows = await self._adapters.legacy.list_of(self._org_id, customers)
        # A row without a customer belongs to nobody's rows, and has to be told all the same.
        known = {row.id for row in rows}
        rows += [row for row in fresh if row.id not in known]
        async with self._database.transaction(self._org_id) as session:
            rows = await pick_unmoved(session, self._org_id, rows, given_up=given_up)
        promises = await plan_promises(self._adapters, self._org_id, rows)
        async with self._database.transaction(self._org_id) as session:
            mine = await apply_promises(session, self._org_id, promises, claim=self._claim)
            await session.execute(repository.SET_CURSOR, {"org": self._org_id, "cursor": cursor})
        self._given_up.update(row.id for row in rows)
        self.progress.reported += len(promises.reports)
        sizes = {row.id: row.size for row in rows}
        return await self._make_units([item for item in promises.items if item.id in mine], sizes)

    async def _make_units(self, items: Sequence[batches.BatchItem], sizes: dict[str, int]) -> list[Unit]:
        """One call reads all accounts of a page; the guard of each move tells where one has changed since."""
        accounts = await self._read_accounts({item.account_id for item in items})
        ordered = sorted(items, key=lambda item: item.account_id)
        units = []
        for account_id, group in groupby(ordered, key=lambda item: item.account_id):
            members = list(group)
            size = sum(sizes[item.payload["row_id"]] for item in members)
            units.append(Unit(list(map(self._make_delivery, members)), accounts.get(account_id), size))
        return units

    async def _read_accounts(self, account_ids: set[str]) -> dict[str, AccountFacts | None]:
        while account_ids:
            try:
                return await self._adapters.salesforce.read_accounts(
                    list(account_ids), lane=Lane.BACKGROUND, timeout_s=30
                )
            except SalesforceError as error:
                self._wait_for(f"Salesforce ({type(error).__name__})")
                await asyncio.sleep(1)
        return {}

    def _make_delivery(self, item: batches.BatchItem) -> Delivery:
        return Delivery(
            org_id=self._org_id,
            id=item.id,
            kind=KIND,
            account_id=item.account_id,
            payload=item.payload,
            state=DeliveryState.WAITING,
            attempts=1,
            unknown=True,
            reason=None,
            salesforce_id=None,
            created_at=datetime.now(UTC),
        )

    async def _read_ahead(self, load: Load) -> None:
        await self._room.take(sum(unit.size for unit in load))
        row_ids = [each.payload["row_id"] for unit in load for each in unit.deliveries]
        content = await self._adapters.legacy.read_many(self._org_id, row_ids)
        for unit in load:
            own = {
                each.payload["row_id"]: content.pop(each.payload["row_id"], None) for each in unit.deliveries
            }
            await self._ready.put((unit, {row_id: found for row_id, found in own.items() if found}))

    async def _send_all(self) -> None:
        while ready := await self._ready.get():
            await self._may_send.wait()
            await self._send(*ready)
            self._room.give_back(ready[0].size)

    async def _send(self, unit: Unit, content: Content) -> None:
        account = unit.account
        for place, delivery in enumerate(unit.deliveries):
            if place:
                account = (await self._read_accounts({delivery.account_id}))[delivery.account_id]
            found = content.pop(delivery.payload["row_id"], None)
            outcome = await move(delivery, found, account, self._adapters)
            await self._outcomes.put((delivery, outcome))
            if isinstance(outcome, Retry | Unknown):
                for later in unit.deliveries[place + 1 :]:
                    await self._outcomes.put((later, Retry("An earlier document of the account waits.")))
                return

    async def _settle_all(self) -> None:
        """Many in one transaction, and nobody waits long for company."""
        is_over = False
        while not is_over:
            group = [await self._outcomes.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_AFTER_S):
                    while group[-1] is not None and len(group) < SETTLE_AT_ONCE:
                        group.append(await self._outcomes.get())
            is_over = group[-1] is None
            await self._settle([each for each in group if each is not None])

    async def _settle(self, group: Sequence[tuple[Delivery, Outcome]]) -> None:
        if not group:
            return
        settled = [(one, end) for one, end in group if not isinstance(end, Retry | Unknown)]
        put_off = [(one, end) for one, end in group if isinstance(end, Retry | Unknown)]
        async with self._database.transaction(self._org_id) as session:
            await batches.settle(session, settled, org_id=self._org_id, claim=self._claim)
            await batches.postpone(session, put_off, claim=self._claim, after_s=AGAIN_S)
            await settle_moves(session, settled)
        with suppress(CacheError):
            await self._adapters.account_view.invalidate([one.account_id for one, _ in settled])
        refused = sum(isinstance(end, Refused) for _, end in settled)
        self.progress.moved += len(settled) - refused
        self.progress.reported += refused
        self.progress.put_off += len(put_off)
        self._tell(self.progress)

    async def _try_open(self) -> None:
        """What an earlier run left, and what did not go through at first: each once more, asking for it first."""
        deliveries = Deliveries(self._adapters)
        async with self._database.transaction(self._org_id) as session:
            left = await batches.list_open(session, org_id=self._org_id, kind=KIND, limit=10_000)
        for start in range(0, len(left), self._at_once):
            tries = (
                deliveries.attempt(self._org_id, op_id, budget_s=60)
                for op_id in left[start : start + self._at_once]
            )
            states = await asyncio.gather(*tries)
            self.progress.moved += sum(state is DeliveryState.DELIVERED for state in states)
        await deliveries.drain()

    async def _watch(self) -> None:
        """Holds the senders back while an operator, the org's allowance or customers want it."""
        while True:
            reason = await self._find_reason_to_wait()
            self._wait_for(reason)
            if reason:
                self._may_send.clear()
            else:
                self._may_send.set()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _find_reason_to_wait(self) -> str:
        async with self._database.transaction(self._org_id) as session:
            standing = await repository.find_standing(session, self._org_id)
            late = await batches.count_late(session, org_id=self._org_id, beside_kinds=(KIND,), late_s=LATE_S)
        if standing is not None and standing.is_paused:
            return "bff migrate resume"
        if self._is_allowance_used() and not await self._probe():
            return "the daily allowance of API calls"
        return "customers' own documents and requests" if late else ""

    def _is_allowance_used(self) -> bool:
        return self._adapters.client.budget.share >= STOPS_AT[Lane.BACKGROUND]

    async def _probe(self) -> bool:
        """Whether calls are to be had again. Only an answer tells, so one is asked for as often as the budget lets."""
        with suppress(SalesforceError):
            await self._adapters.client.query("SELECT Id FROM Account LIMIT 1", lane=Lane.BACKGROUND)
        return not self._is_allowance_used()

    def _wait_for(self, reason: str) -> None:
        if reason != self.progress.waits_for:
            self.progress.waits_for = reason
            self._tell(self.progress)


def find_first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is no group."""
    first = errors.exceptions[0]
    return find_first(first) if isinstance(first, BaseExceptionGroup) else first
