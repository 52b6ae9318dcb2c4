"""The portal's own part of a status, kept in Redis so that reading a status asks no database."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from uuid import UUID

import msgspec

from bff.db import Database
from bff.eligibility.repository import get_picture
from bff.eligibility.rules import LocalPicture
from cache.broadcast import Broadcast
from cache.connection import Redis
from cache.errors import CacheError
from cache.leased import LeasedValues, Write
from cache.policy import LeasePolicy
from sf_sync.accounts import get_account_topic

# Only our own writes change a picture and each invalidates it, so nobody needs to watch: no heartbeat.
# The lifetime bounds what a process that was killed between its commit and its invalidation leaves behind.
POLICY = LeasePolicy(ttl_s=120, unwatched_ttl_s=None, serve_stale_s=0)

_decoder = msgspec.json.Decoder(LocalPicture)


class LocalPictures:
    """Filled from PostgreSQL, forgotten by every write of ours to an address or a request."""

    def __init__(self, redis: Redis, database: Database, broadcast: Broadcast) -> None:
        self._database = database
        self._broadcast = broadcast
        self._values = LeasedValues(redis, namespace="eligibility-local", load=self._load, policy=POLICY)

    async def read(self, org_id: UUID, account_id: str) -> LocalPicture:
        reading = await self._values.read(account_id, str(org_id))
        return _decoder.decode(reading.value) if reading.value else LocalPicture()

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
            picture = await get_picture(session, org_id=org_id, account_id=account_id)
        return msgspec.json.encode(picture)
