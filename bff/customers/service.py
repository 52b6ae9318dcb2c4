"""Customers: making, reading, changing, raising and deactivating them. Each write has its history and audit line."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.customers.access import sees_contacts
from bff.customers.accounts import promise_account
from bff.customers.creation import Creation, NewAddress, NewCustomer, add_addresses, find_sleeper
from bff.customers.history import HistoryEntry, list_history, write_down
from bff.customers.proofs import link_number, prove_phone
from bff.customers.repository import (
    Count,
    Wanted,
    count_customers,
    find_customer,
    list_customers,
    lock_customer,
    update_customer,
)
from bff.customers.rules import (
    Changes,
    CustomerKind,
    CustomerStatus,
    Profile,
    plan_edit,
    plan_upgrade,
)
from bff.customers.schemas import CustomerAnswer
from bff.customers.showing import show_customer, show_customers
from bff.deliveries import Deliveries
from bff.errors import NotFound
from bff.idempotency import Answer, replay_or_run
from bff.identity import Caller
from bff.keyset import Place


def utc_now() -> datetime:
    return datetime.now(UTC)


class CustomerPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[CustomerAnswer]
    next_place: Place | None


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    entries: list[HistoryEntry]
    next_place: Place | None


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """What makes two requests one: the Idempotency-Key, if there is one, and what was asked."""

    key: str | None
    digest: bytes


class Done(msgspec.Struct, frozen=True):
    profile: Profile
    status: int
    is_masked: bool = False


class Customers:
    """One per process. NotFound is a customer of another org as well as none at all."""

    def __init__(
        self, adapters: Adapters, deliveries: Deliveries, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = adapters.database
        self._deliveries = deliveries
        self._now = now
        self._creation = Creation(now)

    async def create(self, caller: Caller, new: NewCustomer, once: Once) -> Answer:
        """The finished answer: 201, or 200 for the profile that a consumer had already.

        Raises:
            IdempotencyKeyReused, and what `Creation.create` raises: nothing was made.
        """

        async def create(session: AsyncSession) -> Done:
            made = await self._creation.create(session, caller, new)
            return Done(made.profile, status=201 if made.is_new else 200)

        return await self._carry_out(caller, once, create)

    async def get(self, caller: Caller, customer_id: UUID) -> CustomerAnswer:
        async with self._database.transaction(caller.org_id) as session:
            profile = _get(await find_customer(session, org_id=caller.org_id, customer_id=customer_id))
            return await show_customer(session, profile, is_masked=not sees_contacts(caller))

    async def list_page(
        self, caller: Caller, wanted: Wanted, *, after: Place | None, limit: int
    ) -> CustomerPage:
        """Newest first."""
        async with self._database.transaction(caller.org_id) as session:
            found = await list_customers(
                session, org_id=caller.org_id, wanted=wanted, after=after, limit=limit + 1
            )
            profiles = found[:limit]
            items = await show_customers(session, profiles)
        last = Place(profiles[-1].created_at, profiles[-1].id) if len(found) > limit else None
        return CustomerPage(items=items, next_place=last)

    async def edit(
        self, caller: Caller, customer_id: UUID, given: Changes, *, proof: str | None = None
    ) -> CustomerAnswer:
        """
        Raises:
            NotFound, CustomerDeactivated, FieldsMissing, PhoneProofRequired, ProofRefused: nothing changed.
        """
        async with self._database.transaction(caller.org_id) as session:
            profile = await self._lock(session, caller, customer_id)
            phone = given.get("phone", profile.phone)
            has_proof = await prove_phone(session, caller, proof=proof, phone=phone)
            changes = plan_edit(profile, given, has_proof=has_proof, at=self._now())
            action = {None: "edited", CustomerStatus.ACTIVE: "reactivated"}.get(
                changes.get("status"), "deactivated"
            )
            changed = await self._apply(session, caller, profile, changes, action=action, has_proof=has_proof)
            return await show_customer(session, changed)

    async def deactivate(self, caller: Caller, customer_id: UUID) -> None:
        """The profile and all that hangs on it stay. Doing it again changes nothing.

        Raises:
            NotFound
        """
        await self.edit(caller, customer_id, {"status": CustomerStatus.DEACTIVATED})

    async def upgrade(
        self,
        caller: Caller,
        customer_id: UUID,
        to: CustomerKind,
        given: Changes,
        *,
        addresses: Iterable[NewAddress] = (),
        proof: str | None,
        once: Once,
    ) -> Answer:
        """
        Raises:
            NotFound, CustomerDeactivated, UpgradeNotPossible, FieldsMissing, PhoneProofRequired, ProofRefused,
            IdempotencyKeyReused: nothing changed.
        """

        async def upgrade(session: AsyncSession) -> Done:
            profile = await self._lock(session, caller, customer_id)
            phone = given.get("phone", profile.phone)
            has_proof = await prove_phone(session, caller, proof=proof, phone=phone)
            changes = plan_upgrade(profile, to, given, has_proof=has_proof, at=self._now())
            if profile.user_id is None and changes.get("email"):
                changes["user_id"] = await find_sleeper(
                    session, org_id=profile.org_id, email=changes["email"]
                )
            raised = await self._apply(
                session, caller, profile, changes, action="upgraded", has_proof=has_proof
            )
            await add_addresses(session, raised, addresses)
            return Done(raised, status=200, is_masked=not sees_contacts(caller))

        return await self._carry_out(caller, once, upgrade)

    async def count(self, caller: Caller) -> list[Count]:
        async with self._database.transaction(caller.org_id) as session:
            return await count_customers(session, org_id=caller.org_id)

    async def list_history(
        self, caller: Caller, customer_id: UUID, *, after: Place | None, limit: int
    ) -> HistoryPage:
        """Newest first.

        Raises:
            NotFound
        """
        async with self._database.transaction(caller.org_id) as session:
            _get(await find_customer(session, org_id=caller.org_id, customer_id=customer_id))
            found = await list_history(
                session, org_id=caller.org_id, customer_id=customer_id, after=after, limit=limit + 1
            )
        entries = found[:limit]
        last = Place(entries[-1].at, entries[-1].id) if len(found) > limit else None
        return HistoryPage(entries=entries, next_place=last)

    async def _lock(self, session: AsyncSession, caller: Caller, customer_id: UUID) -> Profile:
        return _get(await lock_customer(session, org_id=caller.org_id, customer_id=customer_id))

    async def _apply(
        self,
        session: AsyncSession,
        caller: Caller,
        profile: Profile,
        changes: Changes,
        *,
        action: str,
        has_proof: bool,
    ) -> Profile:
        if not changes:
            return profile
        await update_customer(session, org_id=profile.org_id, customer_id=profile.id, changes=changes)
        await write_down(session, caller.actor, profile, action, changes)
        changed = _get(await find_customer(session, org_id=profile.org_id, customer_id=profile.id))
        if has_proof or "phone" in changes:
            await link_number(session, caller, changed, has_proof=has_proof, at=self._now())
        return changed

    async def _carry_out(
        self, caller: Caller, once: Once, do: Callable[[AsyncSession], Awaitable[Done]]
    ) -> Answer:
        """Once per key, in one transaction with the promise of a full customer's Account. The try at it goes on behind:
        nobody waits for Salesforce at a till.
        """
        promised: list[UUID] = []

        async def run() -> Answer:
            done = await do(session)
            if op_id := await promise_account(session, self._deliveries, done.profile):
                promised.append(op_id)
            shown = await show_customer(session, done.profile, is_masked=done.is_masked)
            return Answer(status=done.status, body=msgspec.json.encode(shown))

        async with self._database.transaction(caller.org_id) as session:
            answer = await replay_or_run(
                session,
                org_id=caller.org_id,
                actor=caller.actor,
                key=once.key,
                digest=once.digest,
                run=run,
            )
        for op_id in promised:
            await self._deliveries.attempt(caller.org_id, op_id, budget_s=0)
        return answer


def _get(profile: Profile | None) -> Profile:
    if profile is None:
        raise NotFound
    return profile
