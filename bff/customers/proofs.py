"""What a profile's phone number is proven by, and what the proof is written down as."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bff.customers.history import write_down
from bff.customers.refusals import FieldsMissing
from bff.customers.repository import lock_customer, update_customer
from bff.customers.rules import Changes, CreatedContext, Profile
from bff.identity import Caller, CallerKind, StaffRole
from bff.otp import ProofRefused, Purpose, take_proof
from bff.phones import LinkOutcome, LinkSource, link_phone, refuse_excluded

_GOOD_FOR_A_PROFILE = (Purpose.REGISTRATION, Purpose.VERIFICATION)


async def prove_phone(session: AsyncSession, caller: Caller, *, proof: str | None, phone: str | None) -> bool:
    """Whether a proof was given and is used up now.

    Raises:
        FieldsMissing: a proof of no number at all.
        ProofRefused: it is not one, or of another number.
    """
    if proof is None:
        return False
    if phone is None:
        raise FieldsMissing("phone")
    for purpose in _GOOD_FOR_A_PROFILE:
        with suppress(ProofRefused):
            await take_proof(session, proof, org_id=caller.org_id, purpose=purpose, phone=phone)
            return True
    raise ProofRefused


async def link_number(
    session: AsyncSession, caller: Caller, profile: Profile, *, has_proof: bool, at: datetime
) -> None:
    """That the customer uses the number is a sighting of it, so that the customer is found by it.

    Raises:
        PhoneNotPersonal, PhoneIsOperators: no customer has such a number.
    """
    if profile.phone is None:
        return
    outcome = await link_phone(
        session,
        org_id=profile.org_id,
        phone=profile.phone,
        customer_id=profile.id,
        source=find_source(caller, profile.created_context, has_proof=has_proof),
        verified=has_proof,
        at=at,
    )
    # Staff are customers too; their profile has a number, and is not found by it.
    if outcome is not LinkOutcome.OPERATOR_ACCOUNT:
        refuse_excluded(outcome)


async def forget_proof(
    session: AsyncSession, *, actor: str, org_id: UUID, customer_id: UUID, phone: str
) -> None:
    """The profile keeps the number; that it was proven counts no more, as it may be somebody else's by now."""
    profile = await lock_customer(session, org_id=org_id, customer_id=customer_id)
    if profile is None or profile.phone != phone or profile.phone_verified_at is None:
        return
    changes: Changes = {"phone_verified_at": None}
    await update_customer(session, org_id=org_id, customer_id=customer_id, changes=changes)
    await write_down(session, actor, profile, "edited", changes)


def find_source(caller: Caller, context: CreatedContext, *, has_proof: bool) -> LinkSource:
    if has_proof:
        return LinkSource.CODE_VERIFIED
    if caller.role is StaffRole.POS:
        return LinkSource.TILL
    if caller.role is not None:
        return LinkSource.AGENT
    is_till = caller.kind is CallerKind.MACHINE and context is CreatedContext.POINT_OF_SALE
    return LinkSource.TILL if is_till else LinkSource.REGISTRATION
