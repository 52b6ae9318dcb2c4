"""The statements on `phone_links` and on the numbers that are nobody's own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.phones.links import LinkOutcome, LinkSource, PhoneLink
from bff.phones.rules import get_phone

COLUMNS = (
    "id, customer_id, phone, source, is_verified, is_live, verified_at, first_seen_at, last_seen_at, times,"
    " unlinked_at, unlinked_by, unlink_reason"
)
# A staff member's own profile is the one with the same user: orders of callers stand there, in the operator's name.
LINK = text(
    "WITH excluded_by AS (SELECT CASE"
    " WHEN EXISTS (SELECT FROM operator_phones WHERE org_id = :org AND phone = :phone) THEN 'operator_number'"
    " WHEN EXISTS (SELECT FROM staff JOIN customers USING (org_id, user_id)"
    "  WHERE org_id = :org AND customers.id = :customer) THEN 'operator_account' END AS outcome),"
    " written AS (INSERT INTO phone_links AS link"
    "  (org_id, id, customer_id, phone, source, verified_at, first_seen_at, last_seen_at)"
    "  SELECT :org, :id, :customer, :phone, :source, CAST(:verified_at AS timestamptz), :at, :at"
    "  FROM excluded_by WHERE outcome IS NULL"
    "  ON CONFLICT (org_id, phone, customer_id) DO UPDATE SET times = link.times + 1,"
    "  source = CASE WHEN excluded.verified_at IS NULL OR link.is_verified THEN link.source ELSE excluded.source END,"
    "  verified_at = greatest(link.verified_at, excluded.verified_at),"
    "  first_seen_at = least(link.first_seen_at, excluded.first_seen_at),"
    "  last_seen_at = greatest(link.last_seen_at, excluded.last_seen_at)"
    "  RETURNING CASE times WHEN 1 THEN 'created' ELSE 'refreshed' END AS outcome)"
    " SELECT coalesce((SELECT outcome FROM written), (SELECT outcome FROM excluded_by))"
)
UNLINK = text(
    "UPDATE phone_links SET unlinked_at = greatest(CAST(:at AS timestamptz), last_seen_at), unlinked_by = :actor,"
    " unlink_reason = :reason WHERE org_id = :org AND customer_id = :customer AND id = :id AND is_live"
)
UNLINK_EVERYWHERE = text(
    "UPDATE phone_links SET unlinked_at = greatest(CAST(:at AS timestamptz), last_seen_at), unlinked_by = :actor,"
    " unlink_reason = :reason WHERE org_id = :org AND phone = :phone AND is_live RETURNING customer_id"
)
KNOWS_CUSTOMER = text("SELECT EXISTS (SELECT FROM customers WHERE org_id = :org AND id = :customer)")
OF_CUSTOMER = f"SELECT {COLUMNS} FROM phone_links WHERE org_id = :org AND customer_id = :customer"  # noqa: S608
FIND = text(f"{OF_CUSTOMER} AND id = :id")
FIND_BY_PHONE = text(f"{OF_CUSTOMER} AND phone = :phone")
LIST = text(f"{OF_CUSTOMER} ORDER BY is_live DESC, is_verified DESC, last_seen_at DESC, id DESC LIMIT 100")


async def link_phone(
    session: AsyncSession,
    *,
    org_id: UUID,
    phone: str,
    customer_id: UUID,
    source: LinkSource,
    verified: bool,
    at: datetime,
) -> LinkOutcome:
    """Write down that the customer of the org uses this number (E.164), in the session's own transaction.

    Each call counts as one use, so a job that may be repeated makes sure itself that it calls once. Numbers of
    operators, profiles of staff and lines that are no person's are passed over: see the outcome.

    Raises:
        PhoneNotValid: the number is not in E.164.
        IntegrityError: the org has no such customer.
    """
    if not get_phone(phone).is_personal:
        return LinkOutcome.NOT_PERSONAL
    values = {
        "org": org_id,
        "id": uuid4(),
        "customer": customer_id,
        "phone": phone,
        "source": source,
        "at": at,
    }
    outcome = (await session.execute(LINK, values | {"verified_at": at if verified else None})).scalar_one()
    return LinkOutcome(outcome)


async def unlink(
    session: AsyncSession, *, org_id: UUID, link: PhoneLink, actor: str, reason: str, at: datetime
) -> bool:
    """False when it was unlinked already: then nothing is written."""
    values = {"org": org_id, "customer": link.customer_id, "id": link.id}
    done = await session.execute(UNLINK, values | {"actor": actor, "reason": reason, "at": at})
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def unlink_everywhere(
    session: AsyncSession, *, org_id: UUID, phone: str, actor: str, reason: str, at: datetime
) -> list[UUID]:
    """From every customer who had it; which ones."""
    values = {"org": org_id, "phone": phone, "actor": actor, "reason": reason, "at": at}
    return list((await session.execute(UNLINK_EVERYWHERE, values)).scalars())


async def find_link(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, link_id: UUID
) -> PhoneLink | None:
    values = {"org": org_id, "customer": customer_id, "id": link_id}
    row = (await session.execute(FIND, values)).one_or_none()
    return PhoneLink(**row._mapping) if row else None


async def find_link_by_phone(
    session: AsyncSession, *, org_id: UUID, customer_id: UUID, phone: str
) -> PhoneLink | None:
    values = {"org": org_id, "customer": customer_id, "phone": phone}
    row = (await session.execute(FIND_BY_PHONE, values)).one_or_none()
    return PhoneLink(**row._mapping) if row else None


async def list_links(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> Sequence[PhoneLink]:
    """At most 100, unlinked ones last."""
    rows = await session.execute(LIST, {"org": org_id, "customer": customer_id})
    return [PhoneLink(**row._mapping) for row in rows]


async def knows_customer(session: AsyncSession, *, org_id: UUID, customer_id: UUID) -> bool:
    values = {"org": org_id, "customer": customer_id}
    return bool((await session.execute(KNOWS_CUSTOMER, values)).scalar_one())
