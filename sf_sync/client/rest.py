"""Calls to one Salesforce org."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from sf_sync.client.budget import ApiBudget
from sf_sync.client.lanes import Lane
from sf_sync.client.wire import Answer, SubAnswer, Subrequest
from sf_sync.settings import SalesforceSettings


class SalesforceClient:
    """One per process. All methods raise the errors of `sf_sync.errors`, which see for what may be retried.

    `timeout_s` is how long the caller waits altogether (queue, refresh and retries included); the
    settings' when None.
    """

    def __init__(
        self, settings: SalesforceSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.settings = settings
        self.budget = ApiBudget()

    async def open(self) -> None:
        """Makes the connection pool; sends nothing."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    @property
    def breaker_state(self) -> str:
        """`closed`, `open` or `half_open`, for the health check."""
        raise NotImplementedError

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        lane: Lane = Lane.CUSTOMER,
        idempotent: bool,
        timeout_s: float | None = None,
    ) -> Answer:
        """One call. `path` is relative to the version (`sobjects/Account`) or begins with `/services/`.

        `idempotent` says that sending it twice has the effect of once: only then is it ever sent again,
        and only then does a lost answer raise SalesforceUnavailable instead of OutcomeUnknown.
        """
        raise NotImplementedError

    async def query(
        self, soql: str, *, lane: Lane = Lane.CUSTOMER, timeout_s: float | None = None, deleted: bool = False
    ) -> list[dict[str, Any]]:
        """All rows, page after page. `deleted` includes the recycle bin. Build `soql` with `format_soql`
        only.
        """
        raise NotImplementedError

    async def composite(
        self,
        subrequests: Sequence[Subrequest],
        *,
        all_or_none: bool = True,
        idempotent: bool = False,
        lane: Lane = Lane.CUSTOMER,
        timeout_s: float | None = None,
    ) -> list[SubAnswer]:
        """Up to 25 steps (5 of them queries) as one call; the answers stand in the order of the steps."""
        raise NotImplementedError

    async def read_rows(
        self,
        sobject: str,
        ids: Sequence[str],
        fields: Sequence[str],
        *,
        lane: Lane = Lane.CUSTOMER,
        timeout_s: float | None = None,
    ) -> dict[str, dict[str, Any] | None]:
        """Up to 2,000 rows by 18-character id in one call; None for one that is missing or not visible.

        Raises AnswerMalformed when any row is another record than the one asked for.
        """
        raise NotImplementedError

    async def access_token(self) -> tuple[str, str, str]:
        """`(token, instance_url, org_id)`, signing in when there is none; for the stream of changes."""
        raise NotImplementedError

    async def renew_token(self, refused: str) -> tuple[str, str, str]:
        """The same after `refused` was refused elsewhere; one refresh for all callers."""
        raise NotImplementedError
