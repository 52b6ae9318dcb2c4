"""The verbs of the REST API on one Salesforce org."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from sf_sync.client.answers import is_half_done, pair_rows, parse_page
from sf_sync.client.bodies import StreamedBody, encode_body
from sf_sync.client.breaker import Breaker, BreakerState
from sf_sync.client.budget import ApiBudget
from sf_sync.client.calls import Call, Caller
from sf_sync.client.hosts import check_page_path
from sf_sync.client.lanes import Lane
from sf_sync.client.tokens import Token
from sf_sync.client.transport import Outgoing
from sf_sync.client.wire import Answer, SubAnswer, Subrequest, find_sub_answers, format_composite
from sf_sync.errors import AnswerMalformed, OutcomeUnknown
from sf_sync.settings import SalesforceSettings

CLIENT_NAME = "portal-bff"
"""Sent as `Sforce-Call-Options`, so that change events tell our own writes from those of others."""
MOST_ROWS = 2000
"""Ids in one `POST composite/sobjects/<object>`; it counts as one call."""


class SalesforceClient:
    """One per process. All methods raise the errors of `sf_sync.errors`; see there what may be retried.

    `timeout_s` is how long the caller waits altogether: queue, refresh and retries included. The settings'
    when None.
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self.settings = settings
        self._caller = Caller(settings, transport=transport, breaker=breaker)

    async def open(self) -> None:
        """Makes the connection pool; sends nothing."""
        self._caller.transport.open()

    async def close(self) -> None:
        await self._caller.tokens.close()
        await self._caller.transport.close()

    @property
    def budget(self) -> ApiBudget:
        return self._caller.budget

    @property
    def breaker_state(self) -> BreakerState:
        """For the health check."""
        return self._caller.breaker.state

    def refuse_if_open(self) -> None:
        """Raises SalesforceBreakerOpen when a call would be refused here and now, without making one."""
        self._caller.breaker.refuse_if_open()

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

        `idempotent` says that sending it twice has the effect of once: only then is it ever sent again, and
        only then does a lost answer raise SalesforceUnavailable instead of OutcomeUnknown.
        Documents stand in `json` as `sf_sync.client.bodies.Base64`.
        """
        content = None if json is None else encode_body(json)
        outgoing = Outgoing(
            method=method,
            url=self._get_address(path),
            headers={**(headers or {}), **_get_headers(content)},
            params=params,
            content=content,
            idempotent=idempotent,
        )
        patience_s = self.settings.timeout_s if timeout_s is None else timeout_s
        deadline = asyncio.get_running_loop().time() + patience_s
        return await self._caller.perform(Call(outgoing=outgoing, lane=lane, deadline=deadline))

    async def query(
        self, soql: str, *, lane: Lane = Lane.CUSTOMER, timeout_s: float | None = None, deleted: bool = False
    ) -> list[dict[str, Any]]:
        """All rows, page after page, each with `timeout_s`. `deleted` includes the recycle bin.

        Build `soql` with `format_soql` only.
        """
        rows: list[dict[str, Any]] = []
        path, params = "queryAll" if deleted else "query", {"q": soql}
        seen: set[str] = set()
        while True:
            answer = await self.request(
                "GET", path, params=params, lane=lane, idempotent=True, timeout_s=timeout_s
            )
            page, more = parse_page(answer.body)
            rows += page
            if more is None:
                return rows
            path, params = check_page_path(more, base=self.settings.url), {}
            if path in seen:
                raise AnswerMalformed("a query's pages go round in a circle")
            seen.add(path)

    async def composite(
        self,
        subrequests: Sequence[Subrequest],
        *,
        all_or_none: bool = True,
        idempotent: bool = False,
        lane: Lane = Lane.CUSTOMER,
        timeout_s: float | None = None,
    ) -> list[SubAnswer]:
        """Up to 25 steps (5 of them queries) as one call; the answers stand in the order of the steps.

        A step that failed does not raise: `find_failure` names the error of an all-or-none call.
        """
        body = format_composite(subrequests, all_or_none=all_or_none, data_path=self.settings.data_path)
        answer = await self.request(
            "POST", "composite", json=body, lane=lane, idempotent=idempotent, timeout_s=timeout_s
        )
        answers = find_sub_answers(answer.body, subrequests)
        if answers is not None and not (all_or_none and is_half_done(subrequests, answers)):
            return answers
        text = "the composite's answer does not fit its steps"
        raise AnswerMalformed(text) if idempotent else OutcomeUnknown(text)

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
        if len(ids) > MOST_ROWS:
            raise ValueError(f"at most {MOST_ROWS} rows can be read in one call")
        answer = await self.request(
            "POST",
            f"composite/sobjects/{sobject}",
            json={"ids": list(ids), "fields": list(fields)},
            lane=lane,
            idempotent=True,
            timeout_s=timeout_s,
        )
        return pair_rows(ids, answer.body)

    async def access_token(self) -> tuple[str, str, str]:
        """`(token, instance_url, org_id)`, signing in when there is none; for the stream of changes."""
        return _unpack(await self._caller.tokens.get())

    async def renew_token(self, refused: str) -> tuple[str, str, str]:
        """The same after `refused` was refused elsewhere; one refresh for all callers."""
        token = await self._caller.tokens.get()
        if token.secret.reveal() == refused:
            token = await self._caller.tokens.renew(token)
        return _unpack(token)

    def _get_address(self, path: str) -> str:
        """Salesforce answers 404 to doubled slashes, so exactly one stands between the parts."""
        full = path if path.startswith("/services/") else f"{self.settings.data_path}/{path}"
        return f"{self.settings.url}{full}"


def _get_headers(content: bytes | StreamedBody | None) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "User-Agent": CLIENT_NAME,
        "Sforce-Call-Options": f"client={CLIENT_NAME}",
    }
    return headers if content is None else {**headers, "Content-Type": "application/json"}


def _unpack(token: Token) -> tuple[str, str, str]:
    return token.secret.reveal(), token.instance_url, token.org_id
