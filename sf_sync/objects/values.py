"""Reading single values out of a Salesforce row. All raise AnswerMalformed with the field's name, never its
value."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sf_sync.errors import AnswerMalformed
from sf_sync.ids import InvalidRecordId, parse_record_id

Row = Mapping[str, Any]


def get_value(row: Row, field: str) -> Any:
    """A field that was asked for is in the row, null or not; its absence means another row than expected."""
    try:
        return row[field]
    except KeyError:
        raise AnswerMalformed(f"the row lacks {field}") from None


def find_text(row: Row, field: str) -> str | None:
    value = get_value(row, field)
    if value is None or isinstance(value, str):
        return value
    raise AnswerMalformed(f"{field} is no text")


def get_record_id(row: Row, field: str, *, prefix: str | None = None) -> str:
    value = get_value(row, field)
    try:
        return parse_record_id(value if isinstance(value, str) else "", prefix=prefix)
    except InvalidRecordId as error:
        raise AnswerMalformed(f"{field} is not the id of such a record") from error


def find_reference(row: Row, field: str) -> str | None:
    """The 18-character id in a text or lookup field; what is no id stays as it is stored."""
    value = find_text(row, field)
    try:
        return None if value is None else parse_record_id(value)
    except InvalidRecordId:
        return value


def find_instant(row: Row, field: str) -> datetime | None:
    """Salesforce writes `2025-12-19T06:15:36.000+0000`: milliseconds, and no colon in the offset."""
    text = find_text(row, field)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise AnswerMalformed(f"{field} is no date and time") from error
    if instant.tzinfo is None:
        raise AnswerMalformed(f"{field} has no time zone")
    return instant.astimezone(UTC)


def get_instant(row: Row, field: str) -> datetime:
    instant = find_instant(row, field)
    if instant is None:
        raise AnswerMalformed(f"{field} is empty")
    return instant


def format_instant(instant: datetime) -> str:
    """For request bodies and as an unquoted SOQL literal; milliseconds are all that Salesforce keeps."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
