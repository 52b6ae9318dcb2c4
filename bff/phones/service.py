"""What the desk does with the numbers of a customer; each change has its audit line."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.errors import NotFound
from bff.identity import Caller
from bff.phones.links import LinkOutcome, LinkSource, PhoneLink
from bff.phones.refusals import refuse_excluded
from bff.phones.repository import (
    find_link,
    find_link_by_phone,
    knows_customer,
    link_phone,
    list_links,
    unlink,
)
from bff.phones.rules import parse_phone


def utc_now() -> datetime:
    return datetime.now(UTC)


class ForgetProof(Protocol):
    """In the session's transaction: what the customer's profile has proven of this number (E.164) counts no more."""

    async def __call__(
        self, session: AsyncSession, *, actor: str, org_id: UUID, customer_id: UUID, phone: str
    ) -> None: ...


class PhoneDesk:
    """One per process. Profiles are another slice's: `forget_proof` reaches them."""

    def __init__(
        self, adapters: Adapters, forget_proof: ForgetProof, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = adapters.database
        self._forget_proof = forget_proof
        self._now = now

    async def link(self, caller: Caller, customer_id: UUID, text: str) -> tuple[PhoneLink, bool]:
        """The link, and whether it is new. A number that is linked already is seen once more.

        Raises:
            NotFound, PhoneNotValid, PhoneNotPersonal, PhoneIsOperators: nothing was written.
        """
        phone = parse_phone(text, caller.region)
        async with self._database.transaction(caller.org_id) as session:
            await _check_customer(session, caller, customer_id)
            outcome = await link_phone(
                session,
                org_id=caller.org_id,
                phone=phone,
                customer_id=customer_id,
                source=LinkSource.AGENT,
                verified=False,
                at=self._now(),
            )
            refuse_excluded(outcome)
            link = await find_link_by_phone(
                session, org_id=caller.org_id, customer_id=customer_id, phone=phone
            )
            if link is None:
                raise NotFound
            await _audit(session, caller, link, "phone.linked")
        return link, outcome is LinkOutcome.CREATED

    async def list_all(self, caller: Caller, customer_id: UUID) -> Sequence[PhoneLink]:
        """
        Raises:
            NotFound
        """
        async with self._database.transaction(caller.org_id) as session:
            await _check_customer(session, caller, customer_id)
            return await list_links(session, org_id=caller.org_id, customer_id=customer_id)

    async def unlink(self, caller: Caller, customer_id: UUID, link_id: UUID, reason: str) -> None:
        """A number that the profile has stays there, unproven. Unlinking what is unlinked changes nothing.

        Raises:
            NotFound
        """
        async with self._database.transaction(caller.org_id) as session:
            link = await find_link(session, org_id=caller.org_id, customer_id=customer_id, link_id=link_id)
            if link is None:
                raise NotFound
            if not link.is_live:
                return
            # The customer's row is locked before the link's, as everywhere.
            await self._forget_proof(
                session,
                actor=caller.actor,
                org_id=caller.org_id,
                customer_id=customer_id,
                phone=link.phone,
            )
            is_done = await unlink(
                session, org_id=caller.org_id, link=link, actor=caller.actor, reason=reason, at=self._now()
            )
            if is_done:
                await _audit(session, caller, link, "phone.unlinked")


async def _check_customer(session: AsyncSession, caller: Caller, customer_id: UUID) -> None:
    if not await knows_customer(session, org_id=caller.org_id, customer_id=customer_id):
        raise NotFound


async def _audit(session: AsyncSession, caller: Caller, link: PhoneLink, action: str) -> None:
    """The reason stays with the link: it may tell whose the number is now."""
    await record(
        session,
        org_id=caller.org_id,
        actor=caller.actor,
        action=action,
        subject=f"customer:{link.customer_id}",
        detail={"link": str(link.id)},
    )
