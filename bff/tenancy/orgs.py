"""The organisations of this installation."""

from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class Org(msgspec.Struct, frozen=True, kw_only=True):
    """`region` is the country of unqualified phone numbers (JP, OM); `locale` the default language."""

    id: UUID
    slug: str
    name: str
    region: str
    locale: str


LIST = text("SELECT id, slug, name, region, locale FROM orgs ORDER BY slug")
FIND = text("SELECT id, slug, name, region, locale FROM orgs WHERE slug = :name OR id::text = :name")


async def list_orgs(session: AsyncSession) -> list[Org]:
    return [Org(**row._mapping) for row in await session.execute(LIST)]


async def find_org(session: AsyncSession, name: str) -> Org | None:
    """By slug or id."""
    row = (await session.execute(FIND, {"name": name})).one_or_none()
    return Org(**row._mapping) if row else None
