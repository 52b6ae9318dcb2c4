"""Query results that are fetched page by page."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import msgspec

from sf_sync.emulator.record_ids import make_record_id
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.soql.engine import QueryResult

MAX_OPEN = 10
"""Open cursors of one user; the oldest is closed for one more."""
LIFETIME = timedelta(days=2)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    cursor_id: str
    result: QueryResult
    page_size: int
    opened_at: datetime


class Cursors:
    """Cursors of each user. They live in memory: a restart makes every locator invalid."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._numbers = count(1)
        self._open: dict[str, OrderedDict[str, Cursor]] = {}

    def open(self, user_id: str, result: QueryResult, *, page_size: int) -> Cursor:
        cursor = Cursor(
            cursor_id=make_record_id("01g", next(self._numbers)),
            result=result,
            page_size=page_size,
            opened_at=self._now(),
        )
        cursors = self._open.setdefault(user_id, OrderedDict())
        cursors[cursor.cursor_id] = cursor
        if len(cursors) > MAX_OPEN:
            cursors.popitem(last=False)
        return cursor

    def get(self, user_id: str, locator: str) -> tuple[Cursor, int]:
        """The cursor and the offset that a locator names. Raises SalesforceRefusal INVALID_QUERY_LOCATOR."""
        cursor_id, _, offset = locator.partition("-")
        cursor = self._open.get(user_id, OrderedDict()).get(cursor_id)
        if cursor is None or not offset.isdigit() or int(offset) >= len(cursor.result.rows):
            raise SalesforceRefusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        if self._now() - cursor.opened_at > LIFETIME:
            raise SalesforceRefusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor, int(offset)
