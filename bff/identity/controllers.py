"""Signing in (development only), out, and asking who one is."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from bff.identity.caller import Caller
from bff.identity.csrf import Csrf
from bff.identity.dev_sign_in import DevSignIn
from bff.identity.principals import Principals
from bff.identity.schemas import DevLogin, SessionInfo
from bff.identity.sessions import Sessions, find_token, make_cookie, make_expired_cookie
from bff.problems import WITH_BODY
from bff.settings import Settings

Call = Request[Any, Any, Any]


@post("/api/auth/dev-login", status_code=200, opt={"open": True}, responses=WITH_BODY, tags=["auth"])
async def dev_login(
    request: Call,
    data: JSONBody[DevLogin],
    settings: NamedDependency[Settings],
    dev_sign_in: NamedDependency[DevSignIn],
    csrf: NamedDependency[Csrf],
) -> Response[SessionInfo]:
    """Sign in as a demo person, without a password. Exists in development only.

    A request that shows no origin is let through, for scripts; one from another site is not.
    """
    if has_origin(request):
        csrf.check_origin(request.scope)
    started = await dev_sign_in.start(request, data.email, data.org)
    cookie = make_cookie(started.token, settings.identity.session_absolute_s)
    return Response(make_info(started.caller, csrf, data.email.lower()), cookies=[cookie])


def has_origin(request: Call) -> bool:
    return "origin" in request.headers or "sec-fetch-site" in request.headers


@post("/api/auth/logout", status_code=204, tags=["auth"])
async def logout(request: Call, sessions: NamedDependency[Sessions]) -> Response[None]:
    """End the session of this browser; its cookie is worth nothing afterwards. A bearer token just runs out."""
    if token := find_token(request.scope["headers"]):
        await sessions.end(token)
    return Response(None, status_code=204, cookies=[make_expired_cookie()])


@get("/api/auth/session", tags=["auth"])
async def show_session(
    caller: NamedDependency[Caller],
    principals: NamedDependency[Principals],
    csrf: NamedDependency[Csrf],
) -> SessionInfo:
    """Who is signed in, with the CSRF token of this session."""
    return make_info(caller, csrf, await principals.find_email(caller))


def make_info(caller: Caller, csrf: Csrf, email: str | None) -> SessionInfo:
    return SessionInfo(
        email=email,
        org=caller.org_slug,
        kind=caller.kind,
        role=caller.role,
        customer_id=caller.customer_id,
        locale=caller.locale,
        csrf_token=csrf.make_token(caller.session_key) if caller.session_key else None,
    )
