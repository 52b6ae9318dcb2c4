"""In which language a request is answered: the visitor's choice, else the org's, else what the browser prefers.

The choice is a cookie of its own, because it outlives the session and is made before one begins.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from litestar.datastructures import Cookie
from litestar.types import Scope

from bff.identity.caller import Caller
from bff.texts import Texts, find_texts, has_language

COOKIE = "language"
KEPT_S = 365 * 24 * 3600

Headers = Iterable[tuple[bytes, bytes]]

_COOKIE = re.compile(rb"(?:^|; *)language=([a-z]{2,8})(?:;|$)")
_PREFERENCE = re.compile(r"\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")
_MOST_PREFERENCES = 20


def in_chosen_language(caller: Caller, headers: Headers) -> Caller:
    """The same caller, whose `locale` is the language of the answer. Runs for every request, so it does little."""
    choice = find_choice(headers)
    if choice is None and has_language(caller.locale):
        return caller
    language = choice or find_texts(*list_preferences(headers)).language
    return msgspec.structs.replace(caller, locale=language)


def find_texts_of(scope: Scope) -> Texts:
    """For answers that may have to be given before anybody knows who is calling."""
    caller = scope.get("user")
    if isinstance(caller, Caller):
        return find_texts(caller.locale)
    choice = find_choice(scope["headers"])
    return find_texts(choice) if choice else find_texts(*list_preferences(scope["headers"]))


def find_choice(headers: Headers) -> str | None:
    """What was chosen on a page. A language that is not spoken here counts as no choice."""
    for name, value in headers:
        # Most have not chosen, and are not kept waiting for the pattern.
        if name == b"cookie" and b"language=" in value and (found := _COOKIE.search(value)):
            choice = found[1].decode()
            return choice if has_language(choice) else None
    return None


def list_preferences(headers: Headers) -> list[str]:
    """Of `Accept-Language`, the dearest first; what is not understood or not wanted (`q=0`) is left out."""
    sent = next((value for name, value in headers if name == b"accept-language"), b"")
    weighed = sorted(_weigh(sent.decode("latin-1")), key=lambda wish: -wish[0])
    return [language for weight, language in weighed if weight > 0]


def _weigh(header: str) -> Iterator[tuple[float, str]]:
    for part in header.split(",")[:_MOST_PREFERENCES]:
        if found := _PREFERENCE.fullmatch(part):
            yield float(found[2] or 1), found[1]


def make_language_cookie(language: str) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=language,
        path="/",
        max_age=KEPT_S,
        secure=True,
        httponly=True,
        samesite="lax",
    )
