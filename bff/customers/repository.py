"""The statements on `customers`. All run inside a transaction of the customer's org."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.customers.rules import Changes, CreatedContext, CustomerKind, CustomerStatus, Preferences, Profile
from bff.keyset import Place

COLUMNS = (
    "c.org_id, c.id, c.number, o.number_format, c.kind, c.status, c.created_context, c.user_id, c.account_id,"
    " c.first_name, c.last_name, c.name2, c.phone, c.phone_verified_at, c.email, c.email_verified_at, c.preferences,"
    " c.picture, c.created_at, c.updated_at, c.deactivated_at"
)
SELECT = f"SELECT {COLUMNS} FROM customers AS c JOIN orgs AS o ON o.id = c.org_id WHERE c.org_id = :org"  # noqa: S608

# The database numbers the row: see revision 0004.
INSERT = text(
    "WITH c AS (INSERT INTO customers (org_id, id, user_id, kind, created_context, first_name, last_name,"  # noqa: S608
    " name2, phone, phone_verified_at, email, preferences, picture) VALUES (:org_id, :id, :user_id, :kind,"
    " :created_context, :first_name, :last_name, :name2, :phone, :phone_verified_at, :email,"
    " CAST(:preferences AS jsonb), :picture) RETURNING *)"
    f" SELECT {COLUMNS} FROM c JOIN orgs AS o ON o.id = c.org_id"
)
FIND = text(f"{SELECT} AND c.id = :id")
LOCK = text(f"{SELECT} AND c.id = :id FOR NO KEY UPDATE OF c")
FIND_OF_USER = text(f"{SELECT} AND c.user_id = :user")

# A filter that is not used is no condition at all, so that each list runs along one index.
FILTERS = {
    "kind": "c.kind = :kind",
    "status": "c.status = :status",
    "created_from": "c.created_at >= :created_from",
    "created_to": "c.created_at < :created_to",
    "phone_verified": "(c.phone_verified_at IS NOT NULL) = :phone_verified",
    "after": "(c.created_at, c.id) < (:after_at, :after_id)",
}
COUNT = text(
    "SELECT kind, status, created_context, count(*) AS customers, count(phone_verified_at) AS phone_verified,"
    " count(account_id) AS with_account FROM customers WHERE org_id = :org GROUP BY kind, status, created_context"
)
# Names are the struct's own, never a client's.
CHANGEABLE = frozenset(
    {
        "kind",
        "status",
        "deactivated_at",
        "first_name",
        "last_name",
        "name2",
        "phone",
        "phone_verified_at",
        "email",
        "email_verified_at",
        "preferences",
        "picture",
        "user_id",
    }
)


class NewProfile(msgspec.Struct, frozen=True, kw_only=True):
    org_id: UUID
    id: UUID
    kind: CustomerKind
    created_context: CreatedContext
    user_id: UUID | None = None
    first_name: str | None = None
    last_name: str | None = None
    name2: str | None = None
    phone: str | None = None
    phone_verified_at: datetime | None = None
    email: str | None = None
    preferences: Preferences = {}
    picture: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which customers a list has; `created_from` belongs to it, `created_to` does not."""

    kind: CustomerKind | None = None
    status: CustomerStatus | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    phone_verified: bool | None = None


class Count(msgspec.Struct, frozen=True, kw_only=True):
    kind: CustomerKind
    status: CustomerStatus
    created_context: CreatedContext
    customers: int
    phone_verified: int
    with_account: int


async def insert_customer(session: AsyncSession, new: NewProfile) -> Profile:
    """Creations of one org wait for each other from here to the end of the transaction: do this late in it."""
    values = msgspec.structs.asdict(new) | {"preferences": _format_json(new.preferences)}
    return make_profile((await session.execute(INSERT, values)).one())


async def find_customer(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> Profile | None:
    return _find((await session.execute(FIND, {"org": org_id, "id": customer_id})).one_or_none())


async def lock_customer(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> Profile | None:
    """Until the transaction ends nobody else changes it."""
    return _find((await session.execute(LOCK, {"org": org_id, "id": customer_id})).one_or_none())


async def find_customer_of_user(session: AsyncSession, *, org_id: UUID, user_id: UUID) -> Profile | None:
    return _find((await session.execute(FIND_OF_USER, {"org": org_id, "user": user_id})).one_or_none())


async def list_customers(
    session: AsyncSession, *, org_id: UUID, wanted: Wanted, after: Place | None, limit: int
) -> list[Profile]:
    """Newest first."""
    values = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    conditions = [FILTERS[name] for name in values]
    values |= {"org": org_id, "limit": limit}
    if after:
        conditions.append(FILTERS["after"])
        values |= {"after_at": after.at, "after_id": after.id}
    where = "".join(f" AND {condition}" for condition in conditions)
    rows = await session.execute(
        text(f"{SELECT}{where} ORDER BY c.created_at DESC, c.id DESC LIMIT :limit"), values
    )
    return [make_profile(row) for row in rows]


async def update_customer(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, changes: Changes
) -> None:
    """After `lock_customer`.

    Raises:
        KeyError: something that never changes, such as the number or the context of creation.
    """
    if unchangeable := changes.keys() - CHANGEABLE:
        raise KeyError(*unchangeable)
    values = dict(changes)
    if "preferences" in values:
        values["preferences"] = _format_json(values["preferences"])
    sets = ", ".join(_format_set(name) for name in values)
    statement = f"UPDATE customers SET {sets}, updated_at = now() WHERE org_id = :org AND id = :id"  # noqa: S608
    await session.execute(text(statement), values | {"org": org_id, "id": customer_id})


async def count_customers(session: AsyncSession, *, org_id: UUID) -> list[Count]:
    return [
        Count(
            kind=CustomerKind(row.kind),
            status=CustomerStatus(row.status),
            created_context=CreatedContext(row.created_context),
            customers=row.customers,
            phone_verified=row.phone_verified,
            with_account=row.with_account,
        )
        for row in await session.execute(COUNT, {"org": org_id})
    ]


def make_profile(row: Row[Any]) -> Profile:
    values = dict(row._mapping)
    values |= {
        "kind": CustomerKind(values["kind"]),
        "status": CustomerStatus(values["status"]),
        "created_context": CreatedContext(values["created_context"]),
    }
    return Profile(**values)


def _find(row: Row[Any] | None) -> Profile | None:
    return make_profile(row) if row else None


def _format_set(name: str) -> str:
    return f"{name} = CAST(:{name} AS jsonb)" if name == "preferences" else f"{name} = :{name}"


def _format_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
