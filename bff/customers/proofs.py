"""What a profile's phone number is proven by, and what the proof is written down as."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bff.customers.refusals import FieldsMissing
from bff.customers.rules import CreatedContext, Profile
from bff.identity import Caller, StaffRole
from bff.otp import ProofRefused, Purpose, take_proof
from bff.phones import LinkSource, link_phone

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
    for purpose in _GOOD_FOR_A_PROFILE[:-1]:
        try:
            await take_proof(session, proof, org_id=caller.org_id, purpose=purpose, phone=phone)
        except ProofRefused:
            continue
        return True
    await take_proof(session, proof, org_id=caller.org_id, purpose=_GOOD_FOR_A_PROFILE[-1], phone=phone)
    return True


async def link_number(
    session: AsyncSession, caller: Caller, profile: Profile, *, has_proof: bool, at: datetime
) -> None:
    """That the customer uses the number is a sighting of it, so that the customer is found by it."""
    if profile.phone is None:
        return
    await link_phone(
        session,
        org_id=profile.org_id,
        phone=profile.phone,
        customer_id=profile.id,
        source=find_source(caller, profile.created_context, has_proof=has_proof),
        verified=has_proof,
        at=at,
    )


def find_source(caller: Caller, context: CreatedContext, *, has_proof: bool) -> LinkSource:
    if has_proof:
        return LinkSource.CODE_VERIFIED
    if caller.role is StaffRole.POS:
        return LinkSource.TILL
    if caller.role is not None:
        return LinkSource.AGENT
    is_till = context is CreatedContext.POINT_OF_SALE
    return LinkSource.TILL if is_till else LinkSource.REGISTRATION
