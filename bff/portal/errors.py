"""Error answers as pages, for browsers that ask for one."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.response import Redirect

from bff.errors import Problem
from bff.identity.language import find_texts_of
from bff.portal.places import CHECKOUT, INTERNET, SIM
from bff.portal.rendering import HOME, make_frame, make_page, render
from bff.portal.sign_in import make_sign_in_path
from bff.portal.views import Link
from bff.texts import N_

Answer = Callable[..., Response[Any]]
Key = int | type[Exception]


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    tone: str
    icon: str
    title: str
    text: str
    action: Link
    request_id: str


class _Words(msgspec.Struct, frozen=True):
    tone: str
    icon: str
    title: str
    text: str
    action: str


_NOT_FOUND = _Words(
    "calm",
    "search",
    N_("This page does not exist"),
    N_("The address may be mistyped, or the page has moved."),
    N_("Go to my account"),
)
_FORBIDDEN = _Words(
    "calm",
    "question",
    N_("This did not come through"),
    N_("The page was open for too long or belongs to somebody else. Open it again and try once more."),
    N_("Go to my account"),
)
_UNAVAILABLE = _Words(
    "warn",
    "warning",
    N_("The status cannot be confirmed right now"),
    N_("We cannot reach our records at the moment. Nothing is lost; please try again shortly."),
    N_("Try again"),
)
_TOO_MANY = _Words(
    "warn",
    "clock",
    N_("A little too fast"),
    N_("There were too many requests. Please wait a moment and try again."),
    N_("Try again"),
)
_TOO_LARGE = _Words(
    "warn",
    "warning",
    N_("This is too large"),
    N_("What was sent is larger than we can take. Go back and send less of it, or a smaller file."),
    N_("Go to my account"),
)
_TOO_SLOW = _Words(
    "warn",
    "clock",
    N_("This took too long"),
    N_("The connection was too slow to send everything. Please try again, best on another network."),
    N_("Go to my account"),
)
_REFUSED = _Words(
    "warn",
    "warning",
    N_("This could not be carried out"),
    N_("What was sent is not what we expected. Go back and try again."),
    N_("Go to my account"),
)
_BROKEN = _Words(
    "bad",
    "warning",
    N_("Something went wrong on our side"),
    N_("We have noted it. Please try again in a moment."),
    N_("Try again"),
)
_BY_STATUS = {
    403: _FORBIDDEN,
    404: _NOT_FOUND,
    408: _TOO_SLOW,
    413: _TOO_LARGE,
    429: _TOO_MANY,
    500: _BROKEN,
    503: _UNAVAILABLE,
}

_PAGES_WITH_FORMS = (INTERNET, SIM, CHECKOUT)


def as_pages(answers: Mapping[Key, Answer]) -> dict[Key, Answer]:
    """The same answers, turned into pages where a browser asks for a page."""
    return {key: _as_page(answer) for key, answer in answers.items()}


def _as_page(answer: Answer) -> Answer:
    def answer_browser(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        problem = answer(request, error)
        return make_error_page(request, problem) if wants_page(request) else problem

    return answer_browser


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """The API answers problems to browsers too."""
    is_api = request.scope["path"].startswith(("/api/", "/schema"))
    return not is_api and "text/html" in request.headers.get("accept", "")


def find_place(request: Request[Any, Any, Any]) -> str:
    """Where the page can be opened again. What a form sent cannot be; it stands below the page that has it."""
    path = request.scope["path"]
    if request.scope["method"] == "GET":
        return path
    page = path.rpartition("/")[0]
    return page if page in _PAGES_WITH_FORMS else HOME


def make_error_page(request: Request[Any, Any, Any], response: Response[Any]) -> Response[Any]:
    path = find_place(request)
    if response.status_code == 401:
        return Redirect(make_sign_in_path(path), status_code=303)
    problem = msgspec.json.decode(response.content, type=Problem)
    texts = find_texts_of(request.scope)
    words = _BY_STATUS.get(problem.status, _BROKEN if problem.status >= 500 else _REFUSED)
    is_repeatable = words in (_UNAVAILABLE, _TOO_MANY, _BROKEN)
    view = ErrorView(
        tone=words.tone,
        icon=words.icon,
        title=texts.say(words.title),
        text=texts.say(words.text),
        action=Link(path if is_repeatable else HOME, texts.say(words.action)),
        request_id=texts.isolate(problem.request_id),
    )
    html = render("error.html", texts, frame=make_frame(texts, path=path), error=view)
    kept = {
        name: value for name, value in response.headers.items() if name.lower() in ("retry-after", "allow")
    }
    return make_page(html, status=problem.status, headers=kept)
