"""The four doors by which a customer comes in."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses import Address, add_address
from bff.customers.history import write_down
from bff.customers.proofs import link_number, prove_phone
from bff.customers.refusals import CustomerExists, FieldsMissing
from bff.customers.repository import NewProfile, find_customer_of_user, insert_customer
from bff.customers.rules import (
    CreatedContext,
    CustomerKind,
    Preferences,
    Profile,
    check_active,
    check_complete,
)
from bff.customers.users import ensure_dormant_user, register_user
from bff.errors import Forbidden
from bff.identity import Caller, CallerKind


class NewAddress(msgspec.Struct, frozen=True):
    address: Address
    is_default: bool


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as asked for; `phone` in E.164. Without a context it is the caller's usual one."""

    kind: CustomerKind
    context: CreatedContext | None = None
    first_name: str | None = None
    last_name: str | None = None
    name2: str | None = None
    phone: str | None = None
    email: str | None = None
    preferences: Preferences = {}
    picture: str | None = None
    addresses: tuple[NewAddress, ...] = ()
    proof: str | None = None


class Made(msgspec.Struct, frozen=True):
    """`is_new` is False for the profile that a consumer, or who registers after a purchase, had already."""

    profile: Profile
    is_new: bool


class Owner(msgspec.Struct, frozen=True):
    """The user whom the profile is for, if any, and the profile that this user has in the org, if any.

    `has_awoken`: the user slept until now, so that profile was made for them at a till or in a shop.
    """

    user_id: UUID | None
    profile: Profile | None = None
    has_awoken: bool = False


class Creation:
    """Refuses by raising, which rolls everything back, the number included."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def create(self, session: AsyncSession, caller: Caller, new: NewCustomer) -> Made:
        """
        Raises:
            Forbidden: this caller does not stand at that door.
            FieldsMissing, ProofRefused, PhoneNotPersonal, PhoneIsOperators.
            CustomerExists, CustomerDeactivated: the person has a profile, or one that an admin has closed.
        """
        context = choose_context(caller, new.context)
        check_complete(new.kind, msgspec.structs.asdict(new))
        owner = await self._find_owner(session, caller.org_id, context, new)
        if owner.profile is not None:
            if context is CreatedContext.CONSUMER or owner.has_awoken:
                check_active(owner.profile)
                return Made(owner.profile, is_new=False)
            raise CustomerExists
        has_proof = await prove_phone(session, caller, proof=new.proof, phone=new.phone)
        at = self._now()
        profile = await insert_customer(
            session,
            NewProfile(
                org_id=caller.org_id,
                id=uuid4(),
                kind=new.kind,
                created_context=context,
                user_id=owner.user_id,
                first_name=new.first_name,
                last_name=new.last_name,
                name2=new.name2,
                phone=new.phone,
                phone_verified_at=at if has_proof else None,
                email=new.email,
                preferences=new.preferences,
                picture=new.picture,
            ),
        )
        await add_addresses(session, profile, new.addresses)
        await link_number(session, caller, profile, has_proof=has_proof, at=at)
        await write_down(session, caller.actor, profile, "created")
        return Made(profile, is_new=True)

    async def _find_owner(
        self, session: AsyncSession, org_id: UUID, context: CreatedContext, new: NewCustomer
    ) -> Owner:
        """Registration and the consumer's client bring a user; elsewhere an address makes one who sleeps."""
        if context in (CreatedContext.REGISTRATION, CreatedContext.CONSUMER):
            if new.email is None:
                raise FieldsMissing("email")
            user = await register_user(session, email=new.email, at=self._now())
            known = await find_customer_of_user(session, org_id=org_id, user_id=user.user_id)
            return Owner(user.user_id, known, has_awoken=user.is_first_time)
        return Owner(await find_sleeper(session, org_id=org_id, email=new.email) if new.email else None)


async def add_addresses(session: AsyncSession, profile: Profile, new: Iterable[NewAddress]) -> None:
    """
    Raises:
        TooManyAddresses, PointIncomplete.
    """
    for one in new:
        await add_address(
            session,
            org_id=profile.org_id,
            customer_id=profile.id,
            address=one.address,
            is_default=one.is_default,
        )


async def find_sleeper(session: AsyncSession, *, org_id: UUID, email: str) -> UUID | None:
    """The unregistered user with this address, for a profile of the org; None when they have one there."""
    dormant = await ensure_dormant_user(session, email=email)
    if dormant is None:
        return None
    known = await find_customer_of_user(session, org_id=org_id, user_id=dormant)
    return None if known else dormant


def choose_context(caller: Caller, asked: CreatedContext | None) -> CreatedContext:
    """
    Raises:
        Forbidden: staff stand at the window; who registers does so in a client, which is a machine here.
    """
    if caller.kind is CallerKind.STAFF:
        context = asked or CreatedContext.POINT_OF_SALE
        if context not in (CreatedContext.POINT_OF_SALE, CreatedContext.THIRD_PARTY):
            raise Forbidden
        return context
    return asked or CreatedContext.THIRD_PARTY
