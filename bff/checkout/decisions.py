"""Every decision of the gate at a submission, kept: on what it was made, read when and where, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.checkout.rules import RULES_VERSION, CartLine, Fact, Problem, Standing, Verdict
from bff.keyset import Place
from sf_sync.accounts import Freshness

INSERT = text(
    "INSERT INTO gate_decisions (org_id, id, at, order_id, customer_id, account_id, outcome, next_action, problems,"
    " inputs, read_at, read_source, rules_version) VALUES (:org, :id, :at, :order_id, :customer_id, :account_id,"
    " :outcome, :next_action, CAST(:problems AS jsonb), CAST(:inputs AS jsonb), :read_at, :read_source,"
    " :rules_version)"
)
LIST = text(
    "SELECT id, at, order_id, customer_id, account_id, outcome, next_action, problems, inputs, read_at, read_source,"
    " rules_version FROM gate_decisions WHERE org_id = :org"
    " AND (CAST(:account AS text) IS NULL OR account_id = :account)"
    " AND (CAST(:order AS uuid) IS NULL OR order_id = :order)"
    " AND (CAST(:at AS timestamptz) IS NULL OR (at, id) < (:at, :id))"
    " ORDER BY at DESC, id DESC LIMIT :limit"
)


class Outcome(StrEnum):
    """`unavailable`: nobody could tell, so it was refused. `unconfirmed`: sent, and no answer came."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"
    UNCONFIRMED = "unconfirmed"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision as it is kept. `problems` and `inputs` are plain JSON, without words of customers or reviewers."""

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
    rules_version: int = RULES_VERSION


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision was made on. `freshness` None: the account was not read."""

    lines: Sequence[CartLine]
    standing: Standing | None = None
    freshness: Freshness | None = None


def describe_problems(verdict: Verdict) -> list[dict[str, Any]]:
    return [_describe_problem(problem) for problem in verdict.problems]


def _describe_problem(problem: Problem) -> dict[str, Any]:
    described = {
        "code": problem.code,
        "productType": problem.product_type,
        "nextAction": problem.next_action,
        "sku": problem.sku,
        "status": problem.status,
        "fits": list(problem.fits),
        "result": problem.result,
    }
    return {name: value for name, value in described.items() if value}


def describe_inputs(ground: Ground) -> dict[str, Any]:
    standing = ground.standing
    return {
        "lines": [_describe_line(line) for line in ground.lines],
        "internet": _describe_fact(standing.internet if standing else None),
        "sim": _describe_fact(standing.sim if standing else None),
        "overridden": sorted(standing.overridden) if standing else [],
    }


def _describe_line(line: CartLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "quantity": line.quantity,
        "productType": line.product_type,
        "fits": list(line.fits),
        "isForSale": line.is_for_sale,
    }


def _describe_fact(fact: Fact | None) -> dict[str, Any] | None:
    return {"status": fact.status, "result": fact.result, "stale": fact.is_stale} if fact else None


async def insert_decision(session: AsyncSession, *, org_id: UUID, decision: Decision) -> None:
    values = msgspec.structs.asdict(decision)
    for name in ("problems", "inputs"):
        values[name] = msgspec.json.encode(values[name]).decode()
    await session.execute(INSERT, {"org": org_id, **values})


async def list_decisions(
    session: AsyncSession,
    *,
    org_id: UUID,
    account_id: str | None,
    order_id: UUID | None,
    after: Place | None,
    limit: int,
) -> list[Decision]:
    """Newest first, of one account or one order."""
    values: dict[str, Any] = {"org": org_id, "account": account_id, "order": order_id, "limit": limit}
    values |= {"at": after.at if after else None, "id": after.id if after else None}
    rows = await session.execute(LIST, values)
    return [Decision(**dict(row._mapping) | {"outcome": Outcome(row.outcome)}) for row in rows]
