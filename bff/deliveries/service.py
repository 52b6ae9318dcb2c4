"""The outbox's verbs: promise, try now, try what is due."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.deliveries.outcomes import DeliveryState


def utc_now() -> datetime:
    return datetime.now(UTC)


class Deliveries:
    """One per process."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters

    async def enqueue(
        self,
        session: AsyncSession,
        *,
        kind: str,
        org_id: UUID,
        account_id: str,
        payload: dict[str, Any],
        op_id: UUID,
    ) -> None:
        """Promise a write: its row and its job commit or vanish with the caller's transaction."""
        raise NotImplementedError

    async def attempt(self, org_id: UUID, op_id: UUID, *, budget_s: float = 2.5) -> DeliveryState:
        """Try now and say where the delivery stands; call it after the promise has committed.

        After `budget_s` the answer is `waiting` while the try goes on behind, because cutting it off would
        leave its outcome unknown.
        """
        raise NotImplementedError
