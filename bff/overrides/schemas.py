"""The wire shapes of overrides."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from bff.errors import InvalidRequest
from bff.freshness import to_seconds
from bff.overrides.repository import OverrideRecord
from sf_sync.ids import InvalidRecordId
from sf_sync.objects.account import parse_account_id
from sf_sync.objects.offer import ProductType

_SIGNS = r"^[A-Za-z0-9]*$"
AccountId = Annotated[str, Meta(min_length=15, max_length=18, pattern=_SIGNS)]
ACCOUNT_ID = QueryParameter(name="accountId", min_length=15, max_length=18, pattern=_SIGNS)
# Several lines that say something; no control characters.
Reason = Annotated[
    str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\s\x00-\x1f\x7f]")
]


class OverrideInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`endsAt` is at most 90 days away; it needs a time zone."""

    account_id: AccountId
    product_type: ProductType
    reason: Reason
    ends_at: Annotated[datetime, Meta(tz=True)]


class OverrideAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`createdBy` and `endedBy` name staff, such as `staff:<id>`."""

    id: UUID
    account_id: str
    product_type: ProductType
    reason: str
    created_at: datetime
    created_by: str
    ends_at: datetime
    ended_at: datetime | None
    ended_by: str | None


class OverrideList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Newest first, ended ones too."""

    items: list[OverrideAnswer]
    next_cursor: str | None = None


def make_override(record: OverrideRecord) -> OverrideAnswer:
    values = msgspec.structs.asdict(record)
    instants = {name: to_seconds(values[name]) for name in ("created_at", "ends_at", "ended_at")}
    return OverrideAnswer(**values | instants)


def read_account_id(text: str) -> str:
    """The 18-character id.

    Raises:
        InvalidRequest: it is no id of an account.
    """
    try:
        return parse_account_id(text)
    except InvalidRecordId as error:
        raise InvalidRequest("`accountId` is not the id of an account.") from error
