"""Cursors of lists that are read by their order: the place of the last item, not a count of items before it."""

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bff.errors import InvalidRequest

MOST = 100
Limit = Annotated[int, Meta(ge=1, le=MOST)]
CursorText = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]*$")]


class Place(msgspec.Struct, frozen=True, array_like=True):
    """In lists from the newest to the oldest, where `id` decides between equals."""

    at: datetime
    id: UUID


def format_cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def parse_cursor(text: str | None) -> Place | None:
    """
    Raises:
        InvalidRequest: the text is no cursor of ours.
    """
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(raw, type=Place)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest("`cursor` is not one that this list gave.") from error
    if place.at.tzinfo is None:
        raise InvalidRequest("`cursor` is not one that this list gave.")
    return place
