"""When and where a status was read, as answers say it."""

from datetime import datetime
from typing import Literal

import msgspec

from sf_sync.accounts import Freshness


class FreshnessAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When and where the status was read. `stale`: older than promised, shown because Salesforce is away."""

    as_of: datetime
    source: Literal["cache", "salesforce", "portal"]
    stale: bool


def make_freshness(freshness: Freshness) -> FreshnessAnswer:
    as_of = freshness.as_of.replace(microsecond=0)
    return FreshnessAnswer(as_of=as_of, source=freshness.source, stale=freshness.stale)


def to_seconds(at: datetime | None) -> datetime | None:
    """The contract gives instants to the second."""
    return at.replace(microsecond=0) if at else None
