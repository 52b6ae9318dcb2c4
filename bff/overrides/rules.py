"""What an override is and when it holds."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bff.overrides.refusals import EndNotAllowed
from sf_sync.objects.offer import ProductType

LONGEST = timedelta(days=90)
"""An exception that lasts longer is a change of the account's status, which belongs to Salesforce."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Blocks of this product type do not count until `ends_at`. One of an unknown status always does."""

    id: UUID
    product_type: ProductType
    ends_at: datetime


class Overrides(msgspec.Struct, frozen=True):
    """Those of one account that nobody has ended."""

    items: tuple[Override, ...] = ()

    def list_active(self, now: datetime) -> tuple[Override, ...]:
        return tuple(override for override in self.items if override.ends_at > now)


def check_end(ends_at: datetime, now: datetime) -> None:
    """
    Raises:
        EndNotAllowed: not in the future, or too far in it.
    """
    if not now < ends_at <= now + LONGEST:
        raise EndNotAllowed
