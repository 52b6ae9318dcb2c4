"""Making, ending and reading overrides."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from bff.adapters import Adapters
from bff.audit import record
from bff.errors import NotFound
from bff.identity import Caller
from bff.overrides.repository import (
    OverrideRecord,
    end_override,
    get_overrides,
    insert_override,
    knows_account,
    list_overrides,
)
from bff.overrides.rules import Overrides, check_end
from bff.pictures import Pictures
from sf_sync.objects.offer import ProductType


def utc_now() -> datetime:
    return datetime.now(UTC)


class OverrideReader:
    """What holds for a customer now, for pages: kept in Redis, so that it costs no query. One per process."""

    def __init__(self, adapters: Adapters, now: Callable[[], datetime] = utc_now) -> None:
        self.pictures = Pictures(adapters, Overrides, get_overrides, namespace="gate-overrides")
        self._now = now

    async def find_active(self, caller: Caller) -> frozenset[ProductType]:
        if caller.account_id is None:
            return frozenset()
        overrides = await self.pictures.read(caller.org_id, caller.account_id)
        return frozenset(override.product_type for override in overrides.list_active(self._now()))


class OverrideDesk:
    """What staff do with overrides; each change has its audit line. One per process."""

    def __init__(
        self, adapters: Adapters, reader: OverrideReader, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = adapters.database
        self._pictures = reader.pictures
        self._now = now

    async def create(
        self, staff: Caller, *, account_id: str, product_type: ProductType, reason: str, ends_at: datetime
    ) -> OverrideRecord:
        """
        Raises:
            EndNotAllowed, NotFound: nothing was written. Not found is an account of no customer of the org.
        """
        now = self._now()
        check_end(ends_at, now)
        override = OverrideRecord(
            id=uuid4(),
            account_id=account_id,
            product_type=product_type,
            reason=reason,
            created_at=now,
            created_by=staff.actor,
            ends_at=ends_at,
        )
        async with (
            self._pictures.writing(account_id),
            self._database.transaction(staff.org_id) as session,
        ):
            if not await knows_account(session, org_id=staff.org_id, account_id=account_id):
                raise NotFound
            await insert_override(session, org_id=staff.org_id, record=override)
            await record(
                session,
                org_id=staff.org_id,
                actor=staff.actor,
                action="gate.overridden",
                subject=f"account:{account_id}",
                detail={
                    "override": str(override.id),
                    "productType": product_type,
                    "reason": reason,
                    "endsAt": ends_at.isoformat(),
                },
            )
        await self._pictures.announce([account_id])
        return override

    async def list_all(self, staff: Caller, account_id: str) -> list[OverrideRecord]:
        async with self._database.transaction(staff.org_id) as session:
            return await list_overrides(session, org_id=staff.org_id, account_id=account_id)

    async def end(self, staff: Caller, override_id: UUID) -> None:
        """Ending one that has ended changes nothing.

        Raises:
            NotFound
        """
        async with self._database.transaction(staff.org_id) as session:
            ended = await end_override(
                session, org_id=staff.org_id, override_id=override_id, actor=staff.actor, at=self._now()
            )
            if ended is None:
                raise NotFound
            account_id, is_ended_now = ended
            if is_ended_now:
                await record(
                    session,
                    org_id=staff.org_id,
                    actor=staff.actor,
                    action="gate.override_ended",
                    subject=f"account:{account_id}",
                    detail={"override": str(override_id)},
                )
        await self._pictures.announce([account_id])
