"""From a verified person or client to the `Caller` of one org."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from bff.db import Database, DatabaseUnavailable
from bff.identity.caller import Caller, CallerKind, StaffRole
from bff.tenancy import Org, find_org, list_orgs

# A person whom a till or a shop wrote down signs in once they have registered.
FIND_USER = text("SELECT id FROM users WHERE email = :email AND registered_at IS NOT NULL")
FIND_STAFF = text("SELECT id, role FROM staff WHERE user_id = :user")
FIND_CUSTOMER = text("SELECT id, account_id FROM customers WHERE user_id = :user AND status = 'active'")
FIND_EMAIL = text("SELECT email FROM users WHERE id = :user")


class Principals:
    """Reads who people are. Staff of an org who are also its customers act as staff there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_by_email(self, email: str, org_name: str | None = None) -> Caller | None:
        """In the named org (slug or id), or in the first by slug that knows the person."""
        async with self._database.orgless() as session:
            user_id = (await session.execute(FIND_USER, {"email": email.lower()})).scalar_one_or_none()
            orgs = await list_orgs(session)
        if user_id is None:
            return None
        for org in orgs:
            is_meant = org_name in (None, org.slug, str(org.id))
            if is_meant and (caller := await self._find_in(org, user_id)):
                return caller
        return None

    async def find_by_user(self, user_id: UUID, org_name: str) -> Caller | None:
        org = await self.find_org(org_name)
        return await self._find_in(org, user_id) if org else None

    async def find_org(self, org_name: str) -> Org | None:
        async with self._database.orgless() as session:
            return await find_org(session, org_name)

    async def reload(self, caller: Caller) -> Caller | None:
        """The same person as of now, None when they may no longer sign in; unchanged while PostgreSQL is away."""
        if caller.user_id is None:
            return caller
        try:
            found = await self.find_by_user(caller.user_id, str(caller.org_id))
        except DatabaseUnavailable:
            return caller
        return found and msgspec.structs.replace(found, session_key=caller.session_key)

    async def find_email(self, caller: Caller) -> str | None:
        if caller.user_id is None:
            return None
        async with self._database.orgless() as session:
            email: str | None = (
                await session.execute(FIND_EMAIL, {"user": caller.user_id})
            ).scalar_one_or_none()
            return email

    async def _find_in(self, org: Org, user_id: UUID) -> Caller | None:
        async with self._database.transaction(org.id) as session:
            staff = (await session.execute(FIND_STAFF, {"user": user_id})).one_or_none()
            customer = (await session.execute(FIND_CUSTOMER, {"user": user_id})).one_or_none()
        if staff:
            role = StaffRole(staff.role)
            return make_caller(org, CallerKind.STAFF, user_id=user_id, staff_id=staff.id, role=role)
        if customer:
            details = {"customer_id": customer.id, "account_id": customer.account_id}
            return make_caller(org, CallerKind.CUSTOMER, user_id=user_id, **details)
        return None


def make_caller(org: Org, kind: CallerKind, **details: Any) -> Caller:
    return Caller(
        kind=kind, org_id=org.id, org_slug=org.slug, region=org.region, locale=org.locale, **details
    )
