"""Signing in and out by page. In development one signs in as a demo person; other ways bring their own page."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from bff.demo.people import DEMO_PEOPLE
from bff.errors import Unauthenticated
from bff.identity.csrf import Csrf
from bff.identity.dev_sign_in import DevSignIn
from bff.identity.language import find_texts_of
from bff.identity.sessions import Sessions, find_token, make_cookie, make_expired_cookie
from bff.portal.forms import FORM, LARGEST_FORM, read_form
from bff.portal.rendering import HOME, Person, make_frame, make_page, render
from bff.settings import Settings
from bff.texts import Texts

SIGN_IN = "/sign-in"


class SignInChoice(msgspec.Struct, frozen=True):
    email: str
    name: str
    initials: str
    story: str


@get("/", opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def show_home() -> Redirect:
    return Redirect(HOME, status_code=303)


@get(SIGN_IN, opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def show_sign_in(
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    next_path: FromQuery[str] = HOME,
) -> Response[str]:
    return answer_sign_in(settings, find_texts_of(request.scope), next_path)


@post(
    SIGN_IN,
    opt={"open": True, "accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def sign_in(
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    dev_sign_in: NamedDependency[DevSignIn],
    csrf: NamedDependency[Csrf],
) -> Response[Any]:
    """Exists in development only."""
    csrf.check_origin(request.scope)
    form = await read_form(request)
    next_path = form.get("next", HOME)
    try:
        started = await dev_sign_in.start(request, form.get("email", ""))
    except Unauthenticated as refusal:
        texts = find_texts_of(request.scope)
        return answer_sign_in(settings, texts, next_path, error=refusal.sentence, status=401)
    cookie = make_cookie(started.token, settings.identity.session_absolute_s)
    return Redirect(choose_destination(next_path), status_code=303, cookies=[cookie])


@post("/sign-out", opt={"accepts": FORM}, include_in_schema=False)
async def sign_out(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Redirect:
    if token := find_token(request.scope["headers"]):
        await sessions.end(token)
    return Redirect(SIGN_IN, status_code=303, cookies=[make_expired_cookie()])


def choose_destination(next_path: str) -> str:
    """A page of ours or the home page: `//host` and `/\\host` lead elsewhere."""
    is_ours = (
        next_path.startswith("/") and not next_path.startswith(("//", "/\\")) and next_path.isprintable()
    )
    return next_path if is_ours else HOME


def make_sign_in_path(next_path: str) -> str:
    return SIGN_IN if next_path in ("/", HOME) else f"{SIGN_IN}?{urlencode({'next_path': next_path})}"


def answer_sign_in(
    settings: Settings, texts: Texts, next_path: str, *, error: str = "", status: int = 200
) -> Response[str]:
    people = [
        SignInChoice(person.email, person.name, Person(person.name).initials, person.story)
        for person in DEMO_PEOPLE
        if settings.is_development and person.role is None
    ]
    html = render(
        "sign_in.html",
        texts,
        frame=make_frame(texts, path=make_sign_in_path(choose_destination(next_path))),
        people=people,
        error=texts.say(error),
        next_path=choose_destination(next_path),
    )
    return make_page(html, status=status)
