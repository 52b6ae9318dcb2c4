"""What an upload meets while its org moves documents out of an older portal's table; nothing for any other org."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bff.verification.repository import NewAttempt


class Reserved(Protocol):
    """One upload's place in that table. `is_only` says that it goes nowhere else yet.

    `older` are the account's earlier documents that must reach Salesforce before it.
    """

    @property
    def attempt_id(self) -> UUID: ...
    @property
    def is_only(self) -> bool: ...
    @property
    def older(self) -> Sequence[UUID]: ...

    async def store(self, session: AsyncSession, attempt: NewAttempt, content: bytes) -> None:
        """In the transaction that accepts the upload."""


class OlderTable(Protocol):
    async def reserve(self, org_id: UUID, account_id: str) -> Reserved | None:
        """None for an org that does not move. Before the transaction that accepts the upload."""
