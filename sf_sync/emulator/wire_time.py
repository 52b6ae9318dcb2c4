"""Instants as the REST API writes them: milliseconds, no colon in the offset, always UTC."""

from datetime import UTC, datetime


def format_instant(at: datetime) -> str:
    """`2025-12-19T06:15:36.000+0000`. Fixed width, so that the order of texts is the order of instants."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def parse_instant(text: str) -> datetime:
    """ISO 8601 with `Z` or an offset. Raises ValueError, also for a time without an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return at.astimezone(UTC)


def format_http_date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
