"""The requests that the portal accepted, and what a picture of an account needs of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses import Address, digest_address
from bff.eligibility.rules import LocalPicture, RequestSeen

# A waiting request is newer than any settled one, since only one may wait.
FIND_PICTURE = text(
    "SELECT EXISTS (SELECT FROM addresses AS a JOIN customers AS c"
    "   ON c.org_id = a.org_id AND c.id = a.customer_id"
    "   WHERE c.org_id = :org AND c.account_id = :account AND a.is_default"
    "   AND a.street IS NOT NULL AND a.city IS NOT NULL AND a.country IS NOT NULL) AS has_address,"
    " r.id, r.requested_at, r.opened_at, r.case_id, r.address_digest"
    " FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT id, requested_at, settled_at AS opened_at, case_id,"
    "   address_digest FROM eligibility_requests"
    "   WHERE org_id = :org AND account_id = :account AND state IN ('waiting', 'delivered')"
    "   ORDER BY state = 'waiting' DESC, requested_at DESC LIMIT 1) AS r ON true"
)

GET = text(
    "SELECT id, requested_at, settled_at AS opened_at, case_id, address_digest FROM eligibility_requests"
    " WHERE org_id = :org AND id = :id"
)

INSERT = text(
    "INSERT INTO eligibility_requests (org_id, id, customer_id, account_id, address, address_digest, sku, notes,"
    " requested_at) VALUES (:org, :id, :customer, :account, CAST(:address AS jsonb), :digest, :sku, :notes, :at)"
    " ON CONFLICT (org_id, account_id) WHERE state = 'waiting' DO NOTHING"
)

SETTLE = text(
    "UPDATE eligibility_requests SET state = :state, case_id = :case, settled_at = :at"
    " WHERE org_id = :org AND id = :id"
)

FIND_CONTACT = text("SELECT contact_id FROM customers WHERE org_id = :org AND id = :customer")


class NewRequest(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    org_id: UUID
    customer_id: UUID
    account_id: str
    address: Address
    sku: str | None
    notes: str | None
    requested_at: datetime


async def get_picture(session: AsyncSession, org_id: UUID, account_id: str) -> LocalPicture:
    row = (await session.execute(FIND_PICTURE, {"org": org_id, "account": account_id})).one()
    return LocalPicture(has_address=row.has_address, request=_parse_request(row) if row.id else None)


async def get_request(session: AsyncSession, *, org_id: UUID, request_id: UUID) -> RequestSeen:
    return _parse_request((await session.execute(GET, {"org": org_id, "id": request_id})).one())


def _parse_request(row: Any) -> RequestSeen:
    return RequestSeen(
        id=row.id,
        requested_at=row.requested_at,
        opened_at=row.opened_at,
        case_id=row.case_id,
        address_digest=bytes(row.address_digest),
    )


async def insert_request(session: AsyncSession, request: NewRequest) -> bool:
    """False when another request of the account waits already: PostgreSQL holds that there is one at most."""
    values = {
        "org": request.org_id,
        "id": request.id,
        "customer": request.customer_id,
        "account": request.account_id,
        "address": msgspec.json.encode(request.address).decode(),
        "digest": digest_address(request.address),
        "sku": request.sku,
        "notes": request.notes,
        "at": request.requested_at,
    }
    inserted = await session.execute(INSERT, values)
    return bool(inserted.rowcount)  # type: ignore[attr-defined]


async def settle_request(
    session: AsyncSession, *, org_id: UUID, request_id: UUID, state: str, case_id: str | None, at: datetime
) -> None:
    """`at` of a delivered request is when its Case was known to be open, before anybody could read it."""
    values = {"org": org_id, "id": request_id, "state": state, "case": case_id, "at": at}
    await session.execute(SETTLE, values)


async def find_contact_id(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> str | None:
    found = await session.execute(FIND_CONTACT, {"org": org_id, "customer": customer_id})
    contact_id: str | None = found.scalar_one_or_none()
    return contact_id
