"""The switch of languages that stands on every page."""

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from bff.errors import InvalidRequest
from bff.identity.csrf import Csrf
from bff.identity.language import make_language_cookie
from bff.portal.forms import FORM, LARGEST_FORM, read_form
from bff.portal.sign_in import choose_destination
from bff.texts import language_codes


@post(
    "/language",
    opt={"open": True, "accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def choose_language(request: Request[Any, Any, Any], csrf: NamedDependency[Csrf]) -> Redirect:
    """Before sign-in too, so there may be no session and no token; another site may not choose all the same."""
    csrf.check_origin(request.scope)
    form = await read_form(request)
    language = form.get("language", "")
    if language not in language_codes():
        raise InvalidRequest
    destination = choose_destination(form.get("place", ""))
    return Redirect(destination, status_code=303, cookies=[make_language_cookie(language)])
