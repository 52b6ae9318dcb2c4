"""The little of HTTP that the console needs: form posts in, pages and redirects out."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import msgspec

from sf_sync.emulator.asgi import Receive, Scope, Send

LARGEST_FORM = 64 * 1024

_PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; object-src 'self'; frame-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class PageProblem(Exception):
    """There is no page to show but this one: a status and a sentence for the person."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request of a browser. `form` has each field once, the last one given; absent boxes are absent."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str] = {}


class PageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: int = 200
    headers: Mapping[str, str]
    body: bytes = b""


def make_page(html: str, *, status: int = 200) -> PageAnswer:
    return PageAnswer(status=status, headers=_PAGE_HEADERS, body=html.encode())


def redirect_to(path: str) -> PageAnswer:
    """The browser follows with a GET, so that a reload repeats nothing."""
    return PageAnswer(status=303, headers={"location": path, "cache-control": "no-store"})


async def read_request(scope: Scope, receive: Receive) -> PageRequest:
    """Raises PageProblem for a post from another site, of another kind, or too large."""
    method = str(scope["method"])
    form: Mapping[str, str] = {}
    if method == "POST":
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        _require_own_form(headers)
        form = _parse_fields((await _read_body(receive)).decode(errors="replace"))
    query = _parse_fields(scope["query_string"].decode("latin-1"))
    return PageRequest(method=method, path=str(scope["path"]), query=query, form=form)


async def send_answer(answer: PageAnswer, send: Send) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body})


def _require_own_form(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise PageProblem(415, "The console takes forms only.")
    # Without this any page open in the same browser could decide a review.
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
    if site not in ("same-origin", "none") or foreign:
        raise PageProblem(403, "This form was sent from another site.")


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_FORM:
            raise PageProblem(413, "This form is too large.")
        if not message.get("more_body", False):
            return bytes(body)


def _parse_fields(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
