"""How one call gets through: token, lane, breaker, budget, retries, all before the caller's deadline."""

import asyncio
import time
from collections.abc import Awaitable

import httpx
import msgspec
from msgspec import Struct

from sf_sync.client.answers import parse_answer
from sf_sync.client.breaker import Breaker
from sf_sync.client.budget import ApiBudget
from sf_sync.client.lanes import Lane, Lanes
from sf_sync.client.retries import RetryPolicy
from sf_sync.client.tokens import Token, TokenSource, make_login_form, parse_token
from sf_sync.client.transport import Outgoing, Transport
from sf_sync.client.wire import Answer
from sf_sync.errors import RequestLimitReached, SalesforceError, SalesforceUnavailable, SessionExpired
from sf_sync.settings import SalesforceSettings

TOKEN_TIMEOUT_S = 5.0


class Call(Struct, frozen=True, kw_only=True):
    """`deadline` is on the event loop's clock."""

    outgoing: Outgoing
    lane: Lane
    deadline: float

    def get_left_s(self) -> float:
        return self.deadline - asyncio.get_running_loop().time()


class Caller:
    """Owns everything that the calls of one process share."""

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._settings = settings
        self.breaker = breaker or Breaker()
        self.budget = ApiBudget()
        self._retries = RetryPolicy()
        self._lanes = Lanes(settings.concurrency)
        self.transport = Transport(settings, breaker=self.breaker, transport=transport)
        self.tokens = TokenSource(self._sign_in)

    async def perform(self, call: Call) -> Answer:
        """Send, and send again as the retry policy says."""
        self._retries.budget.earn()
        attempt = 0
        while True:
            try:
                return await self._attempt(call)
            except SalesforceError as error:
                wait_s = self._retries.find_wait_s(
                    error, attempt=attempt, idempotent=call.outgoing.idempotent, left_s=call.get_left_s()
                )
                if wait_s is None:
                    raise
            await asyncio.sleep(wait_s)
            attempt += 1

    async def _attempt(self, call: Call) -> Answer:
        """One send, and one more with a new token when the old one was refused; the refused one did
        nothing."""
        self.breaker.refuse_if_open()
        self.budget.claim(call.lane)
        token = await _await_token(self.tokens.get(), call)
        try:
            return await self._send(call, token)
        except SessionExpired:
            token = await _await_token(self.tokens.renew(token), call)
        return await self._send(call, token)

    async def _send(self, call: Call, token: Token) -> Answer:
        outgoing = msgspec.structs.replace(
            call.outgoing,
            headers={**call.outgoing.headers, "Authorization": f"Bearer {token.secret.reveal()}"},
        )
        async with self._lanes.place(call.lane, until=call.deadline):
            raw = await self.transport.send(outgoing, timeout_s=call.get_left_s())
        self.budget.observe(raw.headers)
        answer = parse_answer(raw, idempotent=outgoing.idempotent)
        if isinstance(answer, Answer):
            self.tokens.praise(token)
            return answer
        if isinstance(answer, RequestLimitReached) and not answer.concurrent:
            self.budget.observe_exhausted()
        raise answer

    async def _sign_in(self) -> Token:
        """Outside the lanes: the calls that hold their places may be waiting for just this token."""
        form = make_login_form(self._settings, now_s=time.time())
        outgoing = Outgoing(
            method="POST",
            url=f"{self._settings.login_url}/services/oauth2/token",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            content=str(httpx.QueryParams(form)).encode(),
        )
        raw = await self.transport.send(outgoing, timeout_s=TOKEN_TIMEOUT_S)
        return parse_token(raw, self._settings)


async def _await_token(pending: Awaitable[Token], call: Call) -> Token:
    try:
        async with asyncio.timeout_at(call.deadline):
            return await pending
    except TimeoutError as error:
        raise SalesforceUnavailable("no access token in time") from error
