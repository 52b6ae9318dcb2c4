"""The first thing that every route does: who is calling, did they mean to, and is this a body the route takes."""

from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from bff.content import FORM_TYPES, require_expected_content
from bff.errors import Unauthenticated
from bff.identity.bearer import BearerTokens
from bff.identity.caller import Caller
from bff.identity.csrf import SAFE_METHODS, Csrf
from bff.identity.language import in_chosen_language
from bff.identity.sessions import Sessions, find_token


class Authentication(ASGIMiddleware):
    """Runs after routing, so it goes by the chosen handler's `opt` and no look-alike path can pass it by.

    Leaves the caller in the scope as `user`. Nothing of the body is read here.
    """

    scopes = (ScopeType.HTTP, ScopeType.ASGI)

    def __init__(self, sessions: Sessions, bearer: BearerTokens, csrf: Csrf) -> None:
        self._sessions = sessions
        self._bearer = bearer
        self._csrf = csrf

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        options: dict[str, Any] = scope["route_handler"].opt
        method = scope.get("method")
        if not options.get("open") and method != "OPTIONS":
            scope["user"] = caller = await self.identify(scope)
            if method not in SAFE_METHODS and caller.session_key:
                allow_query = options.get("accepts") in FORM_TYPES
                self._csrf.check(scope, caller.session_key, allow_query=allow_query)
        require_expected_content(scope, options)
        await next_app(scope, receive, send)

    async def identify(self, scope: Scope) -> Caller:
        """By bearer token when there is an Authorization header, else by session; in the language of the answer.

        Raises:
            Unauthenticated, DatabaseUnavailable; CacheUnavailable when the session can't be read.
        """
        for name, value in scope["headers"]:
            if name == b"authorization":
                return in_chosen_language(await self._verify_bearer(value), scope["headers"])
        token = find_token(scope["headers"])
        caller = await self._sessions.find(token) if token else None
        if caller is None:
            raise Unauthenticated
        return in_chosen_language(caller, scope["headers"])

    async def _verify_bearer(self, header: bytes) -> Caller:
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Unauthenticated
        return await self._bearer.verify(token)
