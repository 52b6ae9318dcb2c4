"""The person behind customers. A user belongs to no org, so nothing that an org may read tells whether one exists."""

from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

WRITE_DOWN = text(
    "INSERT INTO users (id, email, registered_at) VALUES (:id, :email, NULL) ON CONFLICT (email) DO NOTHING"
)
# Whoever gives this user a profile waits here for others who do, so that there is one in each org.
LOCK_DORMANT = text("SELECT id FROM users WHERE email = :email AND registered_at IS NULL FOR NO KEY UPDATE")
LOCK_BY_EMAIL = text("SELECT id, registered_at FROM users WHERE email = :email FOR NO KEY UPDATE")
REGISTER = text("UPDATE users SET registered_at = :at WHERE id = :id")
LOCK = text("SELECT registered_at FROM users WHERE id = :id FOR NO KEY UPDATE")
GET_EMAIL = text("SELECT email FROM users WHERE id = :id")
IS_REGISTERED = text("SELECT EXISTS (SELECT FROM users WHERE id = :id AND registered_at IS NOT NULL)")


class Registered(msgspec.Struct, frozen=True):
    user_id: UUID
    is_first_time: bool


async def register_user(session: AsyncSession, *, email: str, at: datetime) -> Registered:
    """The user with this address, registered from now on at the latest; locked until the transaction ends."""
    await session.execute(WRITE_DOWN, {"id": uuid4(), "email": email.lower()})
    row = (await session.execute(LOCK_BY_EMAIL, {"email": email.lower()})).one()
    if row.registered_at is None:
        await session.execute(REGISTER, {"id": row.id, "at": at})
    return Registered(row.id, is_first_time=row.registered_at is None)


async def ensure_dormant_user(session: AsyncSession, *, email: str) -> UUID | None:
    """A user who sleeps until they register. None for one who has: theirs is theirs to claim, not a till's to give."""
    await session.execute(WRITE_DOWN, {"id": uuid4(), "email": email.lower()})
    found: UUID | None = (await session.execute(LOCK_DORMANT, {"email": email.lower()})).scalar_one_or_none()
    return found


async def lock_user(session: AsyncSession, user_id: UUID) -> None:
    """
    Raises sqlalchemy.exc.NoResultFound when there is no such user.
    """
    (await session.execute(LOCK, {"id": user_id})).one()


async def is_registered(session: AsyncSession, user_id: UUID) -> bool:
    found: bool = (await session.execute(IS_REGISTERED, {"id": user_id})).scalar_one()
    return found


async def get_email(session: AsyncSession, user_id: UUID) -> str:
    """
    Raises sqlalchemy.exc.NoResultFound when there is no such user.
    """
    email: str = (await session.execute(GET_EMAIL, {"id": user_id})).scalar_one()
    return email
