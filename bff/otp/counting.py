"""How many codes were sent before, in one statement: sends of an org take turns, so what one takes all others wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.otp.keys import Binding
from bff.otp.rules import DAY, HOUR, LATEST, Crowd, Limits, Target, Window

# A limit of `Limits`, the column whose value the codes share, and how long it looks back.
WINDOWS: Sequence[tuple[str, str, timedelta]] = (
    ("phone_hour", "phone", HOUR),
    ("phone_day", "phone", DAY),
    ("block_hour", "block", HOUR),
    ("network_hour", "network", HOUR),
    ("caller_hour", "actor", HOUR),
    ("org_hour", "org_id", HOUR),
)
CROWDS: Sequence[tuple[str, timedelta]] = (("block", DAY), ("country", HOUR))
_NEVER = 10**9
_SINCE = {HOUR: "an_hour_ago", DAY: "a_day_ago"}
_SAME = (
    "FROM one_time_codes WHERE org_id = :org_id AND {column} = :{column} AND sent_at > :{since}"
    " ORDER BY sent_at DESC"
)


def _make_statement() -> str:
    windows = ", ".join(
        f"(SELECT sent_at {_SAME.format(column=column, since=_SINCE[length])} OFFSET :{limit} LIMIT 1) AS {limit}"
        for limit, column, length in WINDOWS
    )
    crowds = ", ".join(
        f"(SELECT count(*) AS {column}_sent, count(entered_at) AS {column}_entered, max(sent_at) AS {column}_newest"  # noqa: S608
        f" FROM (SELECT sent_at, entered_at {_SAME.format(column=column, since=_SINCE[length])} LIMIT {LATEST})"
        f" AS latest_of_{column}) AS of_{column}"
        for column, length in CROWDS
    )
    return f"SELECT * FROM (SELECT {windows}) AS windows, {crowds}"  # noqa: S608


COUNT = text(_make_statement())


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A code that somebody asks for."""

    binding: Binding
    target: Target
    network: str | None
    limits: Limits


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    windows: list[Window]
    crowds: list[Crowd]


async def count_sent(session: AsyncSession, wish: Wish, now: datetime) -> Counts:
    row = (await session.execute(COUNT, _describe(wish, now))).one()._mapping
    return Counts(
        windows=[Window(length=length, full_since=row[limit]) for limit, _, length in WINDOWS],
        crowds=[_read_crowd(row, column) for column, _ in CROWDS],
    )


def _describe(wish: Wish, now: datetime) -> dict[str, Any]:
    """The window that is full is told by the limit-th newest code in it."""
    limits = {limit: getattr(wish.limits, limit) for limit, _, _ in WINDOWS}
    return {
        "org_id": wish.binding.org_id,
        "phone": wish.target.phone,
        "block": wish.target.block,
        "country": wish.target.country,
        "actor": wish.binding.actor,
        "network": wish.network,
        "an_hour_ago": now - HOUR,
        "a_day_ago": now - DAY,
        **{limit: _NEVER if most is None else most - 1 for limit, most in limits.items()},
    }


def _read_crowd(row: RowMapping, column: str) -> Crowd:
    return Crowd(
        sent=row[f"{column}_sent"], entered=row[f"{column}_entered"], newest_at=row[f"{column}_newest"]
    )
