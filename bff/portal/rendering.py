"""Templates to HTML answers, and the frame that every page stands in."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from litestar import Response

from bff.portal.assets import get_asset_path
from bff.texts import N_, Texts, get_texts, language_codes

TEMPLATES = Path(__file__).parent / "templates"
BRAND = "My Telecom"
HTML = "text/html"
VERSION_HEADER = "X-Facts-Version"
HOME = "/account"


class Person(msgspec.Struct, frozen=True):
    """Who is signed in, as the page greets them."""

    name: str

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper()


class Tab(msgspec.Struct, frozen=True):
    """`current` is what `aria-current` says: `page` on the page itself, `true` on a page below it."""

    path: str
    label: str
    current: str


class LanguageChoice(msgspec.Struct, frozen=True):
    """`name` is in the language itself, so that those who need it can read it."""

    code: str
    name: str
    is_current: bool


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """`csrf` is the token of the session, for the forms of the page; `path` is where the page can be opened again."""

    language: str
    direction: str
    brand: str = BRAND
    person: Person | None = None
    csrf: str = ""
    path: str = HOME
    tabs: tuple[Tab, ...] = ()
    languages: tuple[LanguageChoice, ...] = ()
    cart_count: int = 0


# The pages of the account, in the order of their tabs.
TABS = {
    HOME: N_("Overview"),
    "/account/shop/internet": N_("Internet"),
    "/account/shop/sim": N_("SIM"),
    "/account/orders": N_("Orders"),
}


def make_frame(
    texts: Texts,
    *,
    person: Person | None = None,
    csrf: str | None = None,
    path: str = "",
    cart_count: int = 0,
) -> Frame:
    """Tabs and cart belong to a signed-in person. `path` may have a query."""
    place = path.partition("?")[0]
    tabs = [Tab(tab, texts.say(label), _compare(tab, place)) for tab, label in TABS.items() if person]
    return Frame(
        language=texts.language,
        direction=texts.direction,
        person=person,
        csrf=csrf or "",
        path=path or HOME,
        tabs=tuple(tabs),
        languages=list_languages(texts),
        cart_count=cart_count,
    )


def _compare(tab: str, place: str) -> str:
    if tab == place:
        return "page"
    return "true" if tab != HOME and place.startswith(f"{tab}/") else ""


def list_languages(texts: Texts) -> tuple[LanguageChoice, ...]:
    """Nothing while there is no choice."""
    codes = language_codes()
    if len(codes) == 1:
        return ()
    return tuple(LanguageChoice(code, get_texts(code).name, code == texts.language) for code in codes)


@cache
def get_environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals["asset"] = get_asset_path
    return environment


def render(template: str, texts: Texts, **values: Any) -> str:
    """Values are primitives and structs that a view module made; a template decides nothing."""
    return (
        get_environment()
        .get_template(template)
        .render(gettext=texts.gettext, ngettext=texts.ngettext, _=texts.gettext, **values)
    )


def make_page(html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[str]:
    return Response(html, status_code=status, media_type=HTML, headers=dict(headers or {}))


def make_live_part(html: str, version: str) -> Response[str]:
    """The part of a page that follows the status stream; a page's script swaps it in when the version is another."""
    return make_page(html, headers={VERSION_HEADER: version})
