"""What the feed listens to, and what it does when something changed: one row per topic."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from sf_sync.accounts import AccountView
from sf_sync.salesforce import Salesforce


class ChangedRecord(Struct, frozen=True):
    """A row of a poll; `modified_at` is SystemModstamp."""

    record_id: str
    modified_at: datetime


class ChangedPage(Struct, frozen=True):
    """Oldest change first."""

    records: tuple[ChangedRecord, ...]
    has_more: bool


class ChangeHandler(ABC):
    """The effect of changes of one entity. Every effect may be asked for again for the same change."""

    @abstractmethod
    async def forget(self, record_ids: Sequence[str]) -> None:
        """These records changed. Raises CacheError; the position is saved only after it returned."""

    @abstractmethod
    async def forget_all(self) -> None:
        """Any record may have changed. Raises CacheError."""

    @abstractmethod
    async def beat(self, ttl_s: float) -> None:
        """Changes are being heard of, for the next `ttl_s` at least. Raises CacheError."""

    @abstractmethod
    async def list_changed(self, since: datetime, *, after: ChangedRecord | None) -> ChangedPage:
        """What changed after `since`, in order of (SystemModstamp, Id), behind `after`; one API call.

        Raises SalesforceError.
        """


class AccountChanges(ChangeHandler):
    """Changed accounts leave the account view."""

    def __init__(self, view: AccountView, salesforce: Salesforce) -> None:
        self._view = view
        self._salesforce = salesforce

    async def forget(self, record_ids: Sequence[str]) -> None:
        await self._view.invalidate(record_ids)

    async def forget_all(self) -> None:
        await self._view.invalidate_all()

    async def beat(self, ttl_s: float) -> None:
        await self._view.beat(ttl_s)

    async def list_changed(self, since: datetime, *, after: ChangedRecord | None) -> ChangedPage:
        start = after.modified_at if after else since
        page = await self._salesforce.list_changed_accounts(
            start, after_id=after.record_id if after else None
        )
        records = tuple(ChangedRecord(change.account_id, change.modified_at) for change in page.changes)
        return ChangedPage(records, page.has_more)


class Topic(Struct, frozen=True, kw_only=True):
    """A topic of the event bus with the entity it tells of. A shared channel's other entities are ignored."""

    name: str
    entity: str
    handler: ChangeHandler


def make_topics(view: AccountView, salesforce: Salesforce) -> tuple[Topic, ...]:
    """Every topic that the product follows."""
    return (
        Topic(name="/data/AccountChangeEvent", entity="Account", handler=AccountChanges(view, salesforce)),
    )
