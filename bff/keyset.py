"""Cursors of lists that are read by their order: the place of the last item, not a count of items before it."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from bff.errors import InvalidRequest

MOST = 100
# Microseconds since 1970, good until 2286, and the id: whatever fits the pattern is a place.
_PATTERN = r"^[0-9]{16}-[0-9a-f]{32}$"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LIMIT = QueryParameter(name="limit", ge=1, le=MOST)
CURSOR = QueryParameter(name="cursor", pattern=_PATTERN)


class Place(msgspec.Struct, frozen=True):
    """In lists from the newest to the oldest, where `id` decides between equals."""

    at: datetime
    id: UUID


def format_cursor(place: Place) -> str:
    return f"{(place.at - _EPOCH) // timedelta(microseconds=1):016d}-{place.id.hex}"


def parse_cursor(text: str | None) -> Place | None:
    """
    Raises:
        InvalidRequest: the text is no cursor of ours.
    """
    if text is None:
        return None
    if not re.fullmatch(_PATTERN, text, re.ASCII):
        raise InvalidRequest("`cursor` is not one that this list gave.")
    micros, _, identity = text.partition("-")
    return Place(_EPOCH + timedelta(microseconds=int(micros)), UUID(hex=identity))
