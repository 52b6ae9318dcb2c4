"""One HTTP exchange: timeouts, the breaker, and whether a failed call may have reached Salesforce."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from sf_sync.client.bodies import StreamedBody
from sf_sync.client.breaker import Breaker, Permit
from sf_sync.client.wire import RawAnswer
from sf_sync.errors import OutcomeUnknown, SalesforceUnavailable
from sf_sync.settings import LOOPBACK_HOSTS, SalesforceSettings

CONNECT_TIMEOUT_S = 1.0
SPARE_CONNECTIONS = 2
"""Beyond the lanes' places: sign-in never waits for a call that itself waits for the new token."""

FAIR_TIMEOUT_S = 0.25
"""A call with less time than this, because it waited long before, says nothing about Salesforce's health."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Outgoing(Struct, frozen=True, kw_only=True):
    """One request to an absolute address."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str] | None = None
    content: bytes | StreamedBody | None = None
    idempotent: bool = True


class _Progress:
    """How far a request came, as httpcore reports it. Without reports (in-process transports) it counts as
    sent."""

    def __init__(self) -> None:
        self.may_have_arrived = True

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self.may_have_arrived = False
        elif event.endswith("send_request_headers.started"):
            self.may_have_arrived = True


class Transport:
    """Sends to the addresses it is given: whoever calls has checked them. Follows no redirect."""

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        breaker: Breaker,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._breaker = breaker
        self._transport = transport
        self._http: httpx.AsyncClient | None = None

    def open(self) -> None:
        # httpx logs each address with its query at INFO: SOQL with ids in it.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        connections = self._settings.concurrency + SPARE_CONNECTIONS
        self._http = httpx.AsyncClient(
            transport=self._transport,
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=15.0
            ),
            follow_redirects=False,
            # A proxy from the environment is for the outside; the emulator on this machine is not there.
            trust_env=urlsplit(self._settings.url).hostname not in LOOPBACK_HOSTS,
        )

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def send(self, request: Outgoing, *, timeout_s: float) -> RawAnswer:
        """Any answer at all, of any status. Raises SalesforceUnavailable, or OutcomeUnknown where that is
        true."""
        if timeout_s <= 0:
            raise SalesforceUnavailable("no time was left to send the call")
        with self._breaker.admit() as permit:
            if permit.is_trial:
                timeout_s = min(timeout_s, self._breaker.trial_timeout_s)
            return await self._exchange(request, permit, timeout_s)

    async def _exchange(self, request: Outgoing, permit: Permit, timeout_s: float) -> RawAnswer:
        progress = _Progress()
        try:
            # httpx bounds each read only, so an answer that trickles would never end without this.
            async with asyncio.timeout(timeout_s):
                response = await self._perform(request, progress, timeout_s)
        except (httpx.RequestError, TimeoutError) as error:
            if timeout_s >= FAIR_TIMEOUT_S or not isinstance(error, TimeoutError | httpx.TimeoutException):
                permit.report(healthy=False)
            raise _make_loss(request, progress, error) from error
        answer = RawAnswer(
            status=response.status_code, headers=dict(response.headers), content=response.content
        )
        permit.report(healthy=not is_outage(answer))
        return answer

    async def _perform(self, request: Outgoing, progress: _Progress, timeout_s: float) -> httpx.Response:
        if self._http is None:
            raise RuntimeError("the Salesforce client is not open")
        content, headers = _open_body(request)
        return await self._http.request(
            request.method,
            request.url,
            params=request.params,
            content=content,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            extensions={"trace": progress.trace},
        )


def _open_body(request: Outgoing) -> tuple[bytes | AsyncIterator[bytes] | None, Mapping[str, str]]:
    """httpx ties answer and request in a circle that waits for the garbage collector. A stream that has run out holds
    nothing there; finished bytes would stay.
    """
    if not isinstance(request.content, StreamedBody):
        return request.content, request.headers
    return request.content.stream(), {**request.headers, "Content-Length": str(len(request.content))}


def is_outage(answer: RawAnswer) -> bool:
    """Counts against Salesforce's health: a server error, or a page where JSON belongs. A refusal does
    not."""
    return answer.status >= 500 or (answer.status < 300 and answer.content.lstrip()[:1] == b"<")


def _make_loss(
    request: Outgoing, progress: _Progress, error: Exception
) -> SalesforceUnavailable | OutcomeUnknown:
    may_have_arrived = progress.may_have_arrived and not isinstance(error, _NEVER_SENT)
    text = f"{'no answer' if may_have_arrived else 'could not connect'}: {type(error).__name__}"
    if may_have_arrived and not request.idempotent:
        return OutcomeUnknown(text)
    return SalesforceUnavailable(text)
