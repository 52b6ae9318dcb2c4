"""How a person comes by a customer that was made without them, and by one in an org that is new to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.customers.claims import ClaimTokens, insert_claim, list_unclaimed, take_claim
from bff.customers.history import write_down
from bff.customers.proofs import link_number
from bff.customers.refusals import (
    AlreadyClaimed,
    ClaimAmbiguous,
    ClaimRefused,
    CustomerExists,
    FieldsMissing,
)
from bff.customers.repository import (
    NewProfile,
    find_customer_of_user,
    insert_customer,
    lock_customer,
    update_customer,
)
from bff.customers.rules import Changes, CreatedContext, CustomerKind, CustomerStatus, Profile, check_active
from bff.customers.schemas import CustomerAnswer
from bff.customers.showing import show_customer
from bff.customers.users import get_email, is_registered, lock_user, register_user
from bff.errors import Forbidden, NotFound
from bff.identity import Caller, CallerKind
from bff.otp import Purpose, take_proof
from bff.tenancy import find_org

LINK_LASTS = timedelta(days=14)


def utc_now() -> datetime:
    return datetime.now(UTC)


class ClaimLink(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    expires_at: datetime


class Joined(msgspec.Struct, frozen=True):
    customer: CustomerAnswer
    is_new: bool


class Claims:
    """One per process."""

    def __init__(
        self, adapters: Adapters, tokens: ClaimTokens, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = adapters.database
        self._tokens = tokens
        self._now = now

    async def make_link(self, caller: Caller, customer_id: UUID) -> ClaimLink:
        """Good for one use within 14 days; earlier links of the customer stay good.

        Raises:
            NotFound, CustomerDeactivated, AlreadyClaimed.
        """
        at = self._now()
        link = ClaimLink(token=self._tokens.make(caller.org_id), expires_at=at + LINK_LASTS)
        async with self._database.transaction(caller.org_id) as session:
            profile = await lock_customer(session, org_id=caller.org_id, customer_id=customer_id)
            if profile is None:
                raise NotFound
            check_active(profile)
            if await _is_claimed(session, profile):
                raise AlreadyClaimed
            await insert_claim(
                session,
                org_id=caller.org_id,
                customer_id=customer_id,
                token=link.token,
                actor=caller.actor,
                at=at,
                expires_at=link.expires_at,
            )
            await write_down(session, caller.actor, profile, "claim_link_made")
        return link

    async def claim_by_link(self, caller: Caller, token: str, *, email: str | None) -> CustomerAnswer:
        """In the link's org, whichever the person comes from; a machine claims in its own alone, for `email`.

        Raises:
            ClaimRefused, CustomerExists, FieldsMissing.
        """
        org_id = self._tokens.read_org(token)
        if caller.kind is CallerKind.MACHINE and org_id != caller.org_id:
            raise ClaimRefused
        async with self._database.transaction(org_id) as session:
            customer_id = await take_claim(session, org_id=org_id, token=token, at=self._now())
            profile = await self._give(session, caller, org_id, customer_id, email=email, changes={})
            return await show_customer(session, profile)

    async def claim_by_code(self, caller: Caller, *, phone: str, proof: str, email: str) -> CustomerAnswer:
        """The one customer of the caller's org with this number (E.164), which the proof is about.

        Raises:
            ProofRefused, NotFound, ClaimAmbiguous, ClaimRefused, CustomerExists, PhoneIsOperators, PhoneNotPersonal.
        """
        org_id, at = caller.org_id, self._now()
        async with self._database.transaction(org_id) as session:
            await take_proof(session, proof, org_id=org_id, purpose=Purpose.CLAIM, phone=phone)
            found = await list_unclaimed(session, org_id=org_id, phone=phone)
            if not found:
                raise NotFound
            if len(found) > 1:
                raise ClaimAmbiguous
            changes: Changes = {"phone_verified_at": at}
            profile = await self._give(session, caller, org_id, found[0], email=email, changes=changes)
            await link_number(session, caller, profile, has_proof=True, at=at)
            return await show_customer(session, profile)

    async def join(self, caller: Caller, org_name: str) -> Joined:
        """The person's own profile in an org; made once, whoever asks how often.

        Raises:
            Forbidden: the caller is no person. NotFound: there is no such org. CustomerDeactivated: an admin of it
            has closed the profile.
        """
        user_id = _get_user(caller)
        async with self._database.orgless() as session:
            org = await find_org(session, org_name)
        if org is None:
            raise NotFound
        async with self._database.transaction(org.id) as session:
            await lock_user(session, user_id)
            known = await find_customer_of_user(session, org_id=org.id, user_id=user_id)
            if known is not None:
                check_active(known)
                return Joined(await show_customer(session, known), is_new=False)
            new = NewProfile(
                org_id=org.id,
                id=uuid4(),
                kind=CustomerKind.GUEST,
                created_context=CreatedContext.CONSUMER,
                user_id=user_id,
                email=await get_email(session, user_id),
            )
            profile = await insert_customer(session, new)
            await write_down(session, name_actor(caller, org.id), profile, "created")
            return Joined(await show_customer(session, profile), is_new=True)

    async def _give(
        self,
        session: AsyncSession,
        caller: Caller,
        org_id: UUID,
        customer_id: UUID,
        *,
        email: str | None,
        changes: Changes,
    ) -> Profile:
        """The customer's row is locked before the user's, as everywhere."""
        profile = await lock_customer(session, org_id=org_id, customer_id=customer_id)
        if profile is None or profile.status is not CustomerStatus.ACTIVE:
            raise ClaimRefused
        if await _is_claimed(session, profile):
            raise ClaimRefused
        user_id = await self._lock_user(session, caller, email)
        known = await find_customer_of_user(session, org_id=org_id, user_id=user_id)
        if known is not None and known.id != customer_id:
            raise CustomerExists
        changes = {"user_id": user_id, **changes}
        await update_customer(session, org_id=org_id, customer_id=customer_id, changes=changes)
        await write_down(session, name_actor(caller, org_id), profile, "claimed", changes)
        return msgspec.structs.replace(profile, **changes)

    async def _lock_user(self, session: AsyncSession, caller: Caller, email: str | None) -> UUID:
        if caller.kind is CallerKind.MACHINE:
            if email is None:
                raise FieldsMissing("email")
            return (await register_user(session, email=email, at=self._now())).user_id
        user_id = _get_user(caller)
        await lock_user(session, user_id)
        return user_id


def name_actor(caller: Caller, org_id: UUID) -> str:
    """As the org may know them: what a person is in another org is none of its business."""
    return caller.actor if caller.org_id == org_id else f"user:{caller.user_id}"


def _get_user(caller: Caller) -> UUID:
    if caller.user_id is None:
        raise Forbidden
    return caller.user_id


async def _is_claimed(session: AsyncSession, profile: Profile) -> bool:
    return profile.user_id is not None and await is_registered(session, profile.user_id)
