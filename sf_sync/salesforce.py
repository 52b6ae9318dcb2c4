"""What the product asks of Salesforce, in the product's words."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from sf_sync.client import Lane, SalesforceClient
from sf_sync.objects.account import AccountFacts
from sf_sync.objects.case import OpenedCase, OpenEligibilityCase


class CaseOpened(Struct, frozen=True, kw_only=True):
    """The Case exists and the account was marked with it. `is_new` is False when an earlier delivery did
    it.
    """

    case_id: str
    is_new: bool


class CaseSuperseded(Struct, frozen=True, kw_only=True):
    """Nothing was written: meanwhile the account is in another state, which `facts` tell (None: it is
    gone).
    """

    facts: AccountFacts | None


class ChangedAccount(Struct, frozen=True, kw_only=True):
    account_id: str
    modified_at: datetime


class ChangedAccounts(Struct, frozen=True, kw_only=True):
    """One page, oldest change first; deleted accounts are in it. Go on after the last one while
    `has_more`.
    """

    changes: tuple[ChangedAccount, ...]
    has_more: bool


class Salesforce:
    """Product verbs only. All raise the errors of `sf_sync.errors`."""

    def __init__(self, client: SalesforceClient) -> None:
        self.client = client

    async def read_accounts(
        self, account_ids: Sequence[str], *, lane: Lane = Lane.CUSTOMER, timeout_s: float | None = None
    ) -> dict[str, AccountFacts | None]:
        """One call for up to 2,000 accounts; None for one that is missing."""
        raise NotImplementedError

    async def open_eligibility_case(
        self, command: OpenEligibilityCase, *, timeout_s: float | None = None
    ) -> CaseOpened | CaseSuperseded:
        """One call, all or nothing. After OutcomeUnknown ask `find_eligibility_case`, or simply send it
        again later.

        It is safe to send the same command any number of times: never a second Case, and a decision that
        was made on the first one is never undone.
        """
        raise NotImplementedError

    async def find_eligibility_case(
        self, request_id: UUID, *, timeout_s: float | None = None
    ) -> OpenedCase | None:
        """The Case that an earlier delivery of this request opened; one call."""
        raise NotImplementedError

    async def list_changed_accounts(
        self, since: datetime, *, after_id: str | None = None, limit: int = 2000
    ) -> ChangedAccounts:
        """Accounts changed after (`since`, `after_id`) in the order of (SystemModstamp, Id); one call,
        background.
        """
        raise NotImplementedError
