"""Date literals of SOQL: each names a range of days, counted from today in the org's time zone (UTC)."""

from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]
"""First day, and the day after the last."""


def get_range(name: str, count: int, today: date) -> Range:
    """The range of a date literal; `count` is the number of the `_N_` literals."""
    if name in DATE_LITERALS:
        return DATE_LITERALS[name](today)
    return COUNTED_LITERALS[name](today, count)


def _days(first: date, count: int) -> Range:
    return first, first + timedelta(days=count)


def _week(today: date, offset: int) -> Range:
    """Weeks begin on Sunday, as in the en_US locale."""
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return _days(sunday + timedelta(weeks=offset), 7)


def _month_start(day: date, offset: int) -> date:
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def _months(today: date, first: int, after: int) -> Range:
    return _month_start(today, first), _month_start(today, after)


def _years(today: date, first: int, after: int) -> Range:
    return date(today.year + first, 1, 1), date(today.year + after, 1, 1)


def _shift(today: date, days: int) -> date:
    return today + timedelta(days=days)


DATE_LITERALS: dict[str, Callable[[date], Range]] = {
    "YESTERDAY": lambda today: _days(_shift(today, -1), 1),
    "TODAY": lambda today: _days(today, 1),
    "TOMORROW": lambda today: _days(_shift(today, 1), 1),
    "LAST_WEEK": lambda today: _week(today, -1),
    "THIS_WEEK": lambda today: _week(today, 0),
    "NEXT_WEEK": lambda today: _week(today, 1),
    "LAST_MONTH": lambda today: _months(today, -1, 0),
    "THIS_MONTH": lambda today: _months(today, 0, 1),
    "NEXT_MONTH": lambda today: _months(today, 1, 2),
    "LAST_YEAR": lambda today: _years(today, -1, 0),
    "THIS_YEAR": lambda today: _years(today, 0, 1),
    "NEXT_YEAR": lambda today: _years(today, 1, 2),
    "LAST_90_DAYS": lambda today: _days(_shift(today, -90), 91),
    "NEXT_90_DAYS": lambda today: _days(_shift(today, 1), 90),
}

COUNTED_LITERALS: dict[str, Callable[[date, int], Range]] = {
    "LAST_N_DAYS": lambda today, count: _days(_shift(today, -count), count + 1),
    "NEXT_N_DAYS": lambda today, count: _days(_shift(today, 1), count),
    "N_DAYS_AGO": lambda today, count: _days(_shift(today, -count), 1),
    "LAST_N_WEEKS": lambda today, count: (_week(today, -count)[0], _week(today, 0)[0]),
    "NEXT_N_WEEKS": lambda today, count: (_week(today, 1)[0], _week(today, count + 1)[0]),
    "LAST_N_MONTHS": lambda today, count: _months(today, -count, 0),
    "NEXT_N_MONTHS": lambda today, count: _months(today, 1, count + 1),
    "LAST_N_YEARS": lambda today, count: _years(today, -count, 0),
    "NEXT_N_YEARS": lambda today, count: _years(today, 1, count + 1),
}
