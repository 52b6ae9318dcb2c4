"""What an org's admin may set about it. `orgs` is behind no row-level security: every statement names the caller's."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

COLUMNS = "slug, name, region, locale, number_format, sms_countries"
GET = text(f"SELECT {COLUMNS} FROM orgs WHERE id = :org")  # noqa: S608
UPDATE = text(
    "UPDATE orgs SET name = :name, locale = :locale, number_format = :number_format, sms_countries = :sms_countries"  # noqa: S608
    f" WHERE id = :org RETURNING {COLUMNS}"
)
LOCK = text(f"SELECT {COLUMNS} FROM orgs WHERE id = :org FOR NO KEY UPDATE")  # noqa: S608


class OrgProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`sms_countries` are those to whose numbers codes are sent; None is the region alone."""

    slug: str
    name: str
    region: str
    locale: str
    number_format: str
    sms_countries: list[str] | None


async def get_org_profile(session: AsyncSession, org_id: UUID) -> OrgProfile:
    """
    Raises sqlalchemy.exc.NoResultFound when there is no such org.
    """
    return OrgProfile(**(await session.execute(GET, {"org": org_id})).one()._mapping)


async def change_org(session: AsyncSession, org_id: UUID, changes: dict[str, Any]) -> OrgProfile:
    locked = OrgProfile(**(await session.execute(LOCK, {"org": org_id})).one()._mapping)
    values = msgspec.structs.asdict(msgspec.structs.replace(locked, **changes))
    return OrgProfile(**(await session.execute(UPDATE, values | {"org": org_id})).one()._mapping)
