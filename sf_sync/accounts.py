"""The cached, typed view of one account that every feature reads."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from cache.broadcast import Broadcast
from cache.connection import Redis
from cache.errors import CacheUnavailable
from cache.leased import LeasedValues, Reading, StartedRead, Write
from cache.policy import LeasePolicy
from sf_sync.account_reader import AccountReader, Fetched
from sf_sync.client import Lane
from sf_sync.errors import RequestLimitReached, SalesforceError, SalesforceUnavailable
from sf_sync.ids import InvalidRecordId
from sf_sync.objects.account import AccountFacts, parse_account_id
from sf_sync.salesforce import Salesforce

NAMESPACE = "account"
EVERY_ACCOUNT_TOPIC = "account:*"
"""Told when every account was forgotten at once; whoever shows an account listens to this topic too."""
LIVE_TIMEOUT_S = 1.0
"""A checkout waits this long for the gate's read, then it is refused."""
RETRY_AFTER_S = 5
LONGEST_RETRY_AFTER_S = 60

_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(AccountFacts).decode


class AccountNotFound(Exception):
    """Salesforce has no such account, or shows none to the integration user."""


class SourceUnavailable(Exception):
    """The account cannot be read now and no cached value may stand in. Raised from the cause."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Salesforce cannot be read; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Freshness(Struct, frozen=True, kw_only=True):
    """`as_of`: when the read of the source began.

    `stale`: older than promised, shown because the source fails.
    """

    as_of: datetime
    source: Literal["cache", "salesforce", "portal"]
    stale: bool = False


class Sighting(Struct, frozen=True, kw_only=True):
    facts: AccountFacts
    freshness: Freshness


def get_account_topic(account_id: str) -> str:
    """The broadcast topic on which a change of this account is told."""
    return f"{NAMESPACE}:{account_id}"


class AccountView:
    """One per process."""

    def __init__(
        self,
        salesforce: Salesforce,
        redis: Redis,
        broadcast: Broadcast,
        *,
        batch_window_s: float = 0.005,
        policy: LeasePolicy | None = None,
    ) -> None:
        self._broadcast = broadcast
        self._pages = AccountReader(salesforce, lane=Lane.CUSTOMER, window_s=batch_window_s, most_in_flight=2)
        # Own batches: a gate never waits for the pages' calls, nor for as long.
        self._gate = AccountReader(
            salesforce, lane=Lane.GATE, window_s=batch_window_s, most_in_flight=8, timeout_s=LIVE_TIMEOUT_S
        )
        self._values = LeasedValues(
            redis, namespace=NAMESPACE, load=self._load, policy=policy or LeasePolicy()
        )

    async def read(self, org_id: UUID, account_id: str) -> Sighting:
        """For pages: from the cache, else from Salesforce, where misses of a few milliseconds share one call.

        Raises AccountNotFound, SourceUnavailable.
        """
        account_id = _normalise(account_id)
        return await self.interpret(await self.finish(self.start(org_id, account_id)), account_id)

    def start(self, org_id: UUID, account_id: str) -> StartedRead:
        """Begin a `read`, to be ended by `finish`, in one round trip with whatever else is begun now. The account id
        has 18 characters, as a `Caller`'s and ours in general.

        Raises AccountNotFound.
        """
        return self._values.start(_normalise(account_id), format_scope(org_id))

    async def finish(self, started: StartedRead) -> Reading:
        """The bytes as they are kept; equal bytes mean equal facts. Raises SourceUnavailable."""
        try:
            return await self._values.finish(started)
        except SalesforceError as error:
            raise make_unavailable(error) from error

    async def interpret(self, reading: Reading, account_id: str) -> Sighting:
        """What such bytes say. Raises AccountNotFound; SourceUnavailable when they are unusable, as Salesforce is."""
        if reading.value is None:
            raise AccountNotFound
        facts = _find_facts(reading.value, account_id)
        if facts is None:
            return await self._replace(account_id)
        source: Literal["cache", "salesforce"] = "cache" if reading.source == "cache" else "salesforce"
        freshness = Freshness(as_of=reading.read_at, source=source, stale=reading.stale)
        return Sighting(facts=facts, freshness=freshness)

    async def find_cached(self, org_id: UUID, account_id: str) -> Sighting | None:
        """What is cached and fresh, without a call to Salesforce; None as well while Redis is away."""
        account_id = _normalise(account_id)
        reading = await self._values.find(account_id, str(org_id))
        facts = _find_facts(reading.value, account_id) if reading and reading.value else None
        if reading is None or facts is None:
            return None
        return Sighting(facts=facts, freshness=Freshness(as_of=reading.read_at, source="cache"))

    async def read_live(self, account_id: str) -> Sighting:
        """For the gate: by a call to Salesforce that starts after this one. Neither reads nor fills the
        cache.

        Raises AccountNotFound, SourceUnavailable; within about a second in any case.
        """
        account_id = _normalise(account_id)
        try:
            async with asyncio.timeout(LIVE_TIMEOUT_S):
                fetched = await self._gate.read(account_id)
        except (SalesforceError, TimeoutError) as error:
            raise make_unavailable(error) from error
        if fetched.facts is None:
            raise AccountNotFound
        return _make_sighting(fetched, fetched.facts)

    async def retell(self, org_id: UUID, sighting: Sighting) -> Sighting:
        """The same sighting of Salesforce as `read` would give it to this org."""
        return sighting

    async def is_vouched(self, org_id: UUID, account_id: str) -> bool:
        """Whether another source answers for this account's verification just now, and says that it may order a SIM:
        then Salesforce's own check must not ask for it. Never so in an org without a migration.
        """
        return False

    @asynccontextmanager
    async def writing(self, account_id: str) -> AsyncIterator[Write]:
        """Around an own write: marks the account before, invalidates and tells listeners after.

        An exception that leaves the block counts as an unknown outcome, as does `write.leave_unknown()`: readers then
        go to Salesforce for a while. Call `write.settle()` when the outcome of a failed block is known. Works without
        Redis.
        """
        account_id = _normalise(account_id)
        try:
            async with self._values.writing(account_id) as write:
                yield write
        finally:
            await self._tell(account_id)

    async def invalidate(self, account_ids: Sequence[str]) -> None:
        """Forget these accounts (18-character ids) in every org, then tell listeners. Raises
        CacheUnavailable."""
        if account_ids:
            await self._values.invalidate(account_ids)
            await self._broadcast.publish([get_account_topic(account_id) for account_id in account_ids])

    async def invalidate_all(self) -> None:
        """Forget every account, then tell the listeners of EVERY_ACCOUNT_TOPIC. Raises CacheUnavailable."""
        await self._values.invalidate_all()
        await self._broadcast.publish([EVERY_ACCOUNT_TOPIC])

    async def beat(self, ttl_s: float) -> None:
        """The feed is healthy for the next `ttl_s` seconds. Raises CacheUnavailable."""
        await self._values.beat(ttl_s=ttl_s)

    async def _load(self, account_id: str, _scope: str) -> bytes | None:
        fetched = await self._pages.read(account_id)
        return None if fetched.facts is None else msgspec.json.encode(fetched.facts)

    async def _replace(self, account_id: str) -> Sighting:
        """The cached value is another account's or of another version of the product: drop it, read the
        source."""
        _log.error("cached_account_unusable")
        with suppress(CacheUnavailable):
            await self._values.invalidate([account_id])
        return await self.read_live(account_id)

    async def _tell(self, account_id: str) -> None:
        try:
            await self._broadcast.publish([get_account_topic(account_id)])
        except CacheUnavailable:
            _log.warning("own_write_not_told")


@lru_cache(maxsize=1024)
def format_scope(org_id: UUID) -> str:
    """The scope of values that belong to one org. Kept, because every cached read asks for the same few."""
    return str(org_id)


@lru_cache(maxsize=4096)
def _normalise(account_id: str) -> str:
    """A text that can't be an account's id must not reach a shared call: Salesforce refuses the whole
    batch."""
    try:
        return parse_account_id(account_id)
    except InvalidRecordId as error:
        raise AccountNotFound from error


def _find_facts(value: bytes, account_id: str) -> AccountFacts | None:
    try:
        facts = _decode(value)
    except msgspec.DecodeError:
        return None
    return facts if facts.account_id == account_id else None


def _make_sighting(fetched: Fetched, facts: AccountFacts) -> Sighting:
    return Sighting(facts=facts, freshness=Freshness(as_of=fetched.started_at, source="salesforce"))


def make_unavailable(error: Exception) -> SourceUnavailable:
    """What a reader is told about a call that failed: when to try again."""
    told_s = error.retry_after_s if isinstance(error, SalesforceUnavailable | RequestLimitReached) else None
    return SourceUnavailable(min(math.ceil(told_s or RETRY_AFTER_S), LONGEST_RETRY_AFTER_S))
