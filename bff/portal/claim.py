"""`/account/claim`: where the link leads that a till or a partner gave. Its code stands behind the sign of the address,
where no server sees it; `claim.js` puts it into the form, and without scripts people copy it there.
"""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from bff.customers.claim_controllers import Token
from bff.customers.claiming import Claims
from bff.customers.refusals import ClaimRefused
from bff.db import Database
from bff.errors import PortalError
from bff.identity import Caller, requires_customer
from bff.identity.csrf import Csrf
from bff.portal.cart import Cart
from bff.portal.forms import FORM, LARGEST_FORM, Field, read_form
from bff.portal.people import get_texts_for, load_visitor
from bff.portal.rendering import make_frame, make_page, render
from bff.texts import N_

PATH = "/account/claim"


class ClaimPage:
    """One per process."""

    def __init__(self, claims: Claims, database: Database, csrf: Csrf) -> None:
        self._claims = claims
        self._database = database
        self._csrf = csrf

    async def claim(self, caller: Caller, code: str) -> str:
        """The number of the customer that is the caller's own from now on.

        Raises:
            ClaimRefused, CustomerExists.
        """
        try:
            token = msgspec.convert(code, Token)
        except msgspec.ValidationError as error:
            raise ClaimRefused from error
        return (await self._claims.claim_by_link(caller, token, email=None)).customer_number

    async def render(
        self, caller: Caller, cart: Cart, *, claimed: str = "", error: str = "", status: int = 200
    ) -> Response[str]:
        texts = get_texts_for(caller)
        visitor = await load_visitor(self._database, caller)
        csrf = self._csrf.find_token(caller.session_key)
        field = Field(name="code", label=texts.say(N_("Code from your link")), error=error, is_required=True)
        html = render(
            "claim.html",
            texts,
            frame=make_frame(texts, person=visitor.person, csrf=csrf, path=PATH, cart_count=cart.count),
            field=field,
            claimed=texts.isolate(claimed),
        )
        return make_page(html, status=status)


@get(PATH, guards=[requires_customer], include_in_schema=False)
async def show_claim(
    caller: NamedDependency[Caller], cart: NamedDependency[Cart], claim_page: NamedDependency[ClaimPage]
) -> Response[str]:
    return await claim_page.render(caller, cart)


@post(
    PATH,
    guards=[requires_customer],
    opt={"accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def send_claim(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    claim_page: NamedDependency[ClaimPage],
) -> Response[str]:
    """No redirect: what was claimed is told once, and sending it again is refused."""
    form = await read_form(request)
    try:
        claimed = await claim_page.claim(caller, form.get("code", ""))
    except PortalError as refusal:
        if refusal.status >= 500:
            raise
        texts = get_texts_for(caller)
        return await claim_page.render(caller, cart, error=texts.say(refusal.sentence), status=refusal.status)
    return await claim_page.render(caller, cart, claimed=claimed)
