"""What one delivery is and how one try of it can end."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class DeliveryState(StrEnum):
    """`parked` is still tried, rarely, and is shown to operators with its reason."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"
    PARKED = "parked"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One promised write. `id` is the external id under which Salesforce can be asked for it again."""

    org_id: UUID
    id: UUID
    kind: str
    account_id: str
    payload: dict[str, Any]
    state: DeliveryState
    attempts: int
    unknown: bool
    reason: str | None
    salesforce_id: str | None
    created_at: datetime


class Delivered(msgspec.Struct, frozen=True):
    """Salesforce holds it. `data` is what the handler's `settle` needs to know beside the id."""

    salesforce_id: str | None
    data: dict[str, Any] = {}


class Refused(msgspec.Struct, frozen=True):
    """Salesforce said no for good; trying again cannot help."""

    reason: str
    data: dict[str, Any] = {}


class Retry(msgspec.Struct, frozen=True):
    """It certainly did not take effect; try again later. `after_s` is a floor that the other side asked for."""

    reason: str
    after_s: float = 0.0


class Unknown(msgspec.Struct, frozen=True):
    """It was sent and no answer came: it may have taken effect, so `find` is asked before sending again."""

    reason: str


Outcome = Delivered | Refused | Retry | Unknown
