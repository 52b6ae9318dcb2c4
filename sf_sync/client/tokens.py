"""Access tokens: signing in once for all callers, and once more when the token is refused.

JWT bearer (RS256) when the settings have a private key, client credentials else. Salesforce tells no
lifetime, so a token is used until it is refused.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import structlog
from msgspec import Struct

from sf_sync.client.hosts import check_instance_url, parse_identity_org
from sf_sync.client.wire import NotJson, RawAnswer, parse_json
from sf_sync.errors import (
    AnswerMalformed,
    LoginRefused,
    SalesforceUnavailable,
    SessionExpired,
)
from sf_sync.ids import InvalidRecordId, parse_record_id
from sf_sync.settings import PRODUCTION_AUDIENCE, SANDBOX_AUDIENCE, SalesforceSettings, Secret

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_LIFETIME_S = 180
"""Salesforce accepts an `exp` up to three minutes ahead."""
REFUSAL_REST_S = 5.0
"""After a refused sign-in, or a new token that was refused at once, nobody asks again for this long."""

_log = structlog.get_logger(__name__)
_PASSING_OAUTH_CODES = {"server_error", "rate_limit_exceeded", "temporarily_unavailable"}


class Token(Struct, frozen=True, kw_only=True):
    """`org_id` has 18 characters. `instance_url` is the configured org's, checked."""

    secret: Secret
    instance_url: str
    org_id: str


class TokenSource:
    """Single-flight: however many callers need a token, one of them signs in and all get its result or its
    error."""

    def __init__(
        self,
        sign_in: Callable[[], Awaitable[Token]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._token: Token | None = None
        self._token_since = 0.0
        self._has_worked = False
        self._flight: asyncio.Task[Token] | None = None
        self._refusal: LoginRefused | None = None
        self._refused_at = 0.0

    async def get(self) -> Token:
        """Raises LoginRefused, SalesforceUnavailable, AnswerMalformed, UntrustedAddress."""
        return self._token or await self._join()

    async def renew(self, refused: Token) -> Token:
        """A token other than `refused`. Also raises SessionExpired when a new one would not help either."""
        if self._token is not None and self._token is not refused:
            return self._token
        if self._token is refused:
            if not self._has_worked and self._clock() - self._token_since < REFUSAL_REST_S:
                raise SessionExpired(status=401)
            self._token = None
        return await self._join()

    def praise(self, token: Token) -> None:
        """Salesforce accepted it: when it is refused later, it expired, and a new one helps."""
        if token is self._token:
            self._has_worked = True

    async def close(self) -> None:
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    async def _join(self) -> Token:
        if self._refusal is not None and self._clock() - self._refused_at < REFUSAL_REST_S:
            raise self._refusal
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly())
            # When every caller gave up, nobody else reads a failure, and asyncio would complain about it.
            self._flight.add_done_callback(lambda flight: flight.cancelled() or flight.exception())
        # Shielded: a caller that gives up must not take the sign-in away from all others.
        return await asyncio.shield(self._flight)

    async def _fly(self) -> Token:
        try:
            self._token = await self._sign_in()
        except LoginRefused as error:
            self._refusal, self._refused_at = error, self._clock()
            _log.error("salesforce_login_refused", code=error.code)
            raise
        finally:
            self._flight = None
        self._refusal, self._has_worked, self._token_since = None, False, self._clock()
        return self._token


def make_login_form(settings: SalesforceSettings, *, now_s: float) -> dict[str, str]:
    """The body of the token request; `now_s` is the epoch time."""
    if settings.private_key is not None:
        return {"grant_type": JWT_BEARER, "assertion": _sign_assertion(settings, now_s)}
    if settings.client_secret is None:
        raise LoginRefused("invalid_client", "neither a client secret nor a private key is configured")
    return {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.reveal(),
    }


def _sign_assertion(settings: SalesforceSettings, now_s: float) -> str:
    claims = {
        "iss": settings.client_id,
        "sub": settings.username,
        "aud": settings.jwt_audience,
        "exp": int(now_s) + JWT_LIFETIME_S,
    }
    key = settings.private_key.reveal() if settings.private_key else ""
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise LoginRefused("invalid_client", "SALESFORCE_PRIVATE_KEY_FILE is no usable RSA key") from error


def parse_token(answer: RawAnswer, settings: SalesforceSettings) -> Token:
    """Raises LoginRefused, SalesforceUnavailable, AnswerMalformed, UntrustedAddress."""
    body = _parse_object(answer)
    if not 200 <= answer.status < 300:
        raise _make_login_error(answer.status, body)
    text, instance_url = body.get("access_token"), body.get("instance_url")
    if not isinstance(text, str) or not text or not isinstance(instance_url, str):
        raise AnswerMalformed("the token answer lacks access_token or instance_url")
    return Token(
        secret=Secret(text),
        instance_url=check_instance_url(instance_url, base=settings.url),
        org_id=_find_org_id(body, text, settings),
    )


def _parse_object(answer: RawAnswer) -> dict[str, Any]:
    try:
        body = parse_json(answer.content)
    except NotJson:
        body = None
    if isinstance(body, dict):
        return body
    raise SalesforceUnavailable(f"the token endpoint answered {answer.status} without JSON")


def _make_login_error(status: int, body: dict[str, Any]) -> LoginRefused | SalesforceUnavailable:
    code, description = body.get("error"), body.get("error_description")
    if status >= 500 or status == 429 or code in _PASSING_OAUTH_CODES:
        return SalesforceUnavailable(f"the token endpoint answered {status}")
    return LoginRefused(
        code if isinstance(code, str) else f"http_{status}",
        description if isinstance(description, str) else "",
    )


def _find_org_id(body: dict[str, Any], token: str, settings: SalesforceSettings) -> str:
    identity = body.get("id")
    if isinstance(identity, str):
        # Salesforce names its own login hosts here, also when the sign-in went to My Domain.
        bases = (settings.login_url, settings.url, PRODUCTION_AUDIENCE, SANDBOX_AUDIENCE)
        return parse_identity_org(identity, bases=bases)
    try:
        return parse_record_id(token.partition("!")[0], prefix="00D")
    except InvalidRecordId as error:
        raise AnswerMalformed("the token answer names no org") from error
