"""Searching: counted, carried out and written down."""

from collections.abc import Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record, record_each
from bff.customers.access import may_reveal
from bff.customers.search.refusals import PurposeMissing
from bff.customers.search.repository import find_customers
from bff.customers.search.rules import Asked, Page, Query, clean_purpose, plan_query
from bff.errors import Forbidden, TooManyRequests
from bff.identity import Caller, StaffRole
from bff.settings import SearchLimits
from cache.errors import CacheUnavailable

MINUTE_S = 60.0
STANDING_PURPOSES: Mapping[StaffRole | None, str] = {
    StaffRole.SUPPORT: "support desk",
    StaffRole.POS: "till",
    StaffRole.ADMIN: "administration",
}

log = structlog.get_logger(__name__)


class SearchDesk:
    """One per process."""

    def __init__(self, adapters: Adapters, limits: SearchLimits) -> None:
        self._database = adapters.database
        self._limiter = adapters.limiter
        self._limits = limits

    async def search(
        self,
        caller: Caller,
        asked: Asked,
        *,
        purpose: str | None,
        reveal: bool,
        cursor: str | None,
        limit: int,
    ) -> Page:
        """The customers of the caller's org. The answer is given only when its audit line is kept.

        Raises:
            Forbidden, PurposeMissing, SearchNotClear, SearchTooShort, PhoneNotValid, TooManyRequests, InvalidRequest
        """
        if reveal and not may_reveal(caller):
            raise Forbidden
        if reveal and purpose is None:
            raise PurposeMissing
        query = plan_query(asked, caller.region)
        await self._count(caller, "search", self._limits.searches_per_minute)
        if reveal:
            await self._count(caller, "reveal", self._limits.reveals_per_minute)
        async with self._database.transaction(caller.org_id) as session:
            page = await find_customers(session, query, org_id=caller.org_id, cursor=cursor, limit=limit)
            await write_down(
                session, caller, query, page, purpose=choose_purpose(caller, purpose), reveal=reveal
            )
        return page

    async def _count(self, caller: Caller, what: str, limit: int) -> None:
        """Without Redis nobody counts and the desk goes on: what it looks at is written down all the same."""
        key = f"customer-{what}:{caller.org_id}:{caller.actor}"
        try:
            taken = await self._limiter.take(key, limit=limit, window_s=MINUTE_S)
        except CacheUnavailable:
            log.warning("search_not_counted")
            return
        if not taken.allowed:
            raise TooManyRequests(retry_after_s=taken.retry_after_s)


def choose_purpose(caller: Caller, stated: str | None) -> str:
    """As it is kept: what was stated, else what the caller is there for."""
    return clean_purpose(stated) if stated else STANDING_PURPOSES.get(caller.role, "machine client")


def name_query(query: Query) -> str:
    """Such as `phone` for `ByPhone`: by what, never what."""
    return type(query).__name__.removeprefix("By").lower()


async def write_down(
    session: AsyncSession, caller: Caller, query: Query, page: Page, *, purpose: str, reveal: bool
) -> None:
    """One line for the search, and one for each customer of whom more than masks is shown."""
    found = [str(customer.id) for customer in page.items]
    await record(
        session,
        org_id=caller.org_id,
        actor=caller.actor,
        action="customers.searched",
        subject="customers",
        detail={"by": name_query(query), "purpose": purpose, "found": found},
    )
    if reveal and found:
        await record_each(
            session,
            org_id=caller.org_id,
            actor=caller.actor,
            action="customer.revealed",
            subjects=[f"customer:{customer_id}" for customer_id in found],
            detail={"purpose": purpose},
        )
