"""The portal's own part of a status, kept in Redis so that reading a status asks no database."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from cache.errors import CacheError
from cache.leased import LeasedValues, StartedRead, Write
from cache.policy import LeasePolicy
from sf_sync.accounts import format_scope, get_account_topic

# Only our own writes change a picture and each invalidates it, so nobody needs to watch: no heartbeat.
# The lifetime bounds what a process that was killed between its commit and its invalidation leaves behind.
POLICY = LeasePolicy(ttl_s=120, unwatched_ttl_s=None, serve_stale_s=0)

Picture = TypeVar("Picture", bound=msgspec.Struct)
Load = Callable[[AsyncSession, UUID, str], Awaitable[Picture]]


class Pictures(Generic[Picture]):
    """Filled from PostgreSQL by `load(session, org_id, account_id)`, forgotten by every write of ours to its rows."""

    def __init__(
        self, adapters: Adapters, kind: type[Picture], load: Load[Picture], *, namespace: str
    ) -> None:
        self._database = adapters.database
        self._broadcast = adapters.broadcast
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)
        self._load_picture = load
        self._values = LeasedValues(adapters.redis, namespace=namespace, load=self._load, policy=POLICY)

    async def read(self, org_id: UUID, account_id: str) -> Picture:
        return await self.finish(self.start(org_id, account_id))

    def start(self, org_id: UUID, account_id: str) -> StartedRead:
        """Begin a read beside another one, in the same round trip; `finish` it in any case."""
        return self._values.start(account_id, format_scope(org_id))

    async def finish(self, started: StartedRead) -> Picture:
        return self.interpret(await self.finish_raw(started))

    async def finish_raw(self, started: StartedRead) -> bytes | None:
        """The bytes as they are kept; equal bytes mean equal pictures."""
        return (await self._values.finish(started)).value

    def interpret(self, raw: bytes | None) -> Picture:
        return self._decoder.decode(raw) if raw else self._kind()

    def writing(self, account_id: str) -> AbstractAsyncContextManager[Write]:
        """Around a transaction that changes the picture."""
        return self._values.writing(account_id)

    async def announce(self, account_ids: Sequence[str]) -> None:
        """Forget these pictures and let open pages look again; without Redis nothing is kept and nobody listens."""
        with suppress(CacheError):
            await self._values.invalidate(account_ids)
            await self._broadcast.publish([get_account_topic(account_id) for account_id in account_ids])

    async def _load(self, account_id: str, scope: str) -> bytes:
        org_id = UUID(scope)
        async with self._database.transaction(org_id) as session:
            return msgspec.json.encode(await self._load_picture(session, org_id, account_id))
