"""Why was this order blocked? What staff are told of the gate's decisions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from bff.checkout.decisions import Decision, Outcome, list_decisions
from bff.db import Database
from bff.errors import InvalidRequest
from bff.identity import Caller, StaffRole, requires_staff
from bff.keyset import CURSOR, LIMIT, Place, format_cursor, parse_cursor
from bff.overrides.schemas import ACCOUNT_ID, read_account_id


class DecisionAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`inputs` are the cart's lines, both facts (`status`, `result`, `stale`; null: not asked or not known) and the
    overridden product types; `readAt` and `readSource` say when and where the facts were read.
    """

    id: UUID
    at: datetime
    order_id: UUID
    customer_id: UUID
    account_id: str | None
    outcome: Outcome
    next_action: str
    problems: list[dict[str, Any]]
    inputs: dict[str, Any]
    read_at: datetime | None
    read_source: str | None
    rules_version: int


class DecisionList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first."""

    items: list[DecisionAnswer]
    next_cursor: str | None


@get("/api/v1/gate-decisions", guards=[requires_staff(StaffRole.SUPPORT, StaffRole.ADMIN)], tags=["gate"])
async def show_decisions(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    account_id: Annotated[str | None, ACCOUNT_ID] = None,
    order_id: Annotated[UUID | None, QueryParameter(name="orderId")] = None,
    cursor: Annotated[str | None, CURSOR] = None,
    limit: Annotated[int, LIMIT] = 20,
) -> DecisionList:
    """What the gate decided about the submissions of one account, or about one order, and on what."""
    if account_id is None and order_id is None:
        raise InvalidRequest("Give `accountId` or `orderId`.")
    async with database.transaction(caller.org_id) as session:
        decisions = await list_decisions(
            session,
            org_id=caller.org_id,
            account_id=read_account_id(account_id) if account_id else None,
            order_id=order_id,
            after=parse_cursor(cursor),
            limit=limit + 1,
        )
    return make_decision_list(decisions, limit)


def make_decision_list(decisions: list[Decision], limit: int) -> DecisionList:
    """`decisions` holds one more than the page where there is a next one."""
    page = decisions[:limit]
    last = Place(page[-1].at, page[-1].id) if len(decisions) > limit else None
    return DecisionList(
        items=[DecisionAnswer(**msgspec.structs.asdict(decision)) for decision in page],
        next_cursor=format_cursor(last) if last else None,
    )
