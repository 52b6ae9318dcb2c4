"""The first guard of every route: who is calling, and did they mean to."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from bff.errors import Unauthenticated
from bff.identity.bearer import BearerTokens
from bff.identity.caller import Caller
from bff.identity.csrf import SAFE_METHODS, Csrf
from bff.identity.sessions import Sessions, find_token

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class Authentication:
    """A guard rather than a middleware: it sees the chosen handler's `opt`, can't be passed by a look-alike path, and
    spares each request a second layer of exception handling.
    """

    def __init__(self, sessions: Sessions, bearer: BearerTokens, csrf: Csrf) -> None:
        self._sessions = sessions
        self._bearer = bearer
        self._csrf = csrf

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Leaves the caller in the connection's scope as `user`.

        Raises:
            Unauthenticated, CsrfFailed; CacheUnavailable when the session can't be read.
        """
        scope = connection.scope
        if handler.opt.get("open") or scope.get("method") == "OPTIONS":
            return
        for name, value in scope["headers"]:
            if name == b"authorization":
                scope["user"] = await self._verify_bearer(value)
                return
        scope["user"] = caller = await self._find_session(scope)
        if scope.get("method") not in SAFE_METHODS:
            allow_query = handler.opt.get("accepts") in FORM_TYPES
            self._csrf.check(scope, caller.session_key or "", allow_query=allow_query)  # type: ignore[arg-type]

    async def _verify_bearer(self, header: bytes) -> Caller:
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Unauthenticated
        return await self._bearer.verify(token)

    async def _find_session(self, scope: Any) -> Caller:
        token = find_token(scope["headers"])
        caller = await self._sessions.find(token) if token else None
        if caller is None:
            raise Unauthenticated
        return caller
