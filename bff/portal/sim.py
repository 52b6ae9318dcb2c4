"""`/account/shop/sim`: the page, the part of it that follows the status, and its upload."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from bff.db import Database
from bff.errors import PortalError, TooManyRequests
from bff.identity import Caller, requires_customer
from bff.identity.csrf import Csrf
from bff.portal.cart import Cart
from bff.portal.offers import Shelf, Shop
from bff.portal.offers_view import find_added, make_offers_view
from bff.portal.people import Visitor, get_texts_for, load_visitor
from bff.portal.places import CHECKOUT
from bff.portal.rendering import make_frame, make_live_part, make_page, render
from bff.portal.sim_view import (
    DOCUMENT_PATH,
    PATH,
    UploadError,
    make_sim_steps,
    make_status_view,
    make_upload,
    make_upload_error,
)
from bff.stream.facts import make_version
from bff.texts import Texts
from bff.verification.controllers import LARGEST_UPLOAD, Context, make_body
from bff.verification.reading import Look
from bff.verification.refusals import VerificationRefusal
from bff.verification.schemas import MULTIPART
from bff.verification.service import Verification
from sf_sync.objects.offer import ProductType

STATUS_PATH = f"{PATH}/status"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What one rendering of the page is about. `added` is a product that was just put into the cart."""

    look: Look
    shelf: Shelf
    cart: Cart
    visitor: Visitor
    texts: Texts
    csrf: str
    context: str
    added: str = ""


class SimPage:
    """One per process."""

    def __init__(self, verification: Verification, shop: Shop, database: Database, csrf: Csrf) -> None:
        self.verification = verification
        self._shop = shop
        self._database = database
        self._csrf = csrf

    async def load(self, caller: Caller, cart: Cart, *, context: str, added: str = "") -> Scene:
        # The version is of the look, so nothing on the page may be read before it.
        look = await self.verification.reader.look(caller)
        return Scene(
            look=look,
            shelf=await self._shop.look(caller, ProductType.SIM),
            cart=cart,
            visitor=await load_visitor(self._database, caller),
            texts=get_texts_for(caller),
            csrf=self._csrf.find_token(caller.session_key),
            context=context,
            added=added,
        )


@get(PATH, guards=[requires_customer], include_in_schema=False)
async def show_sim(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    sim_page: NamedDependency[SimPage],
    context: FromQuery[Context] = "account",
    added: FromQuery[str] = "",
) -> Response[str]:
    return answer_whole(await sim_page.load(caller, cart, context=context, added=added))


@get(STATUS_PATH, guards=[requires_customer], include_in_schema=False)
async def show_sim_status(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    sim_page: NamedDependency[SimPage],
    context: FromQuery[Context] = "account",
) -> Response[str]:
    """The part of the page that changes with the status; the page's script fetches it when the stream says so."""
    scene = await sim_page.load(caller, cart, context=context)
    html = render("parts/sim.html", scene.texts, **_make_parts(scene))
    return make_live_part(html, make_version(scene.look))


@post(
    DOCUMENT_PATH,
    guards=[requires_customer],
    opt={"accepts": MULTIPART},
    request_max_body_size=LARGEST_UPLOAD,
    include_in_schema=False,
)
async def send_document(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    sim_page: NamedDependency[SimPage],
    context: FromQuery[Context] = "account",
) -> Response[Any]:
    """Works without a script: back to the page after success, else the page again with what is wrong beside the field.

    Such a form cannot ask first how good a picture is, so a poor one is refused once, with a box to send it anyway.
    """
    try:
        await sim_page.verification.submit(caller, make_body(request), context=context, requires_quality=True)
    except (VerificationRefusal, TooManyRequests) as refusal:
        scene = await sim_page.load(caller, cart, context=context)
        return answer_whole(scene, refusal=refusal)
    return Redirect(make_path(context), status_code=303)


def make_path(context: str) -> str:
    return PATH if context == "account" else f"{PATH}?context={context}"


def answer_whole(scene: Scene, *, refusal: PortalError | None = None) -> Response[str]:
    frame = make_frame(
        scene.texts, person=scene.visitor.person, csrf=scene.csrf, path=PATH, cart_count=scene.cart.count
    )
    error = make_upload_error(refusal, scene.texts) if refusal else None
    html = render(
        "sim.html",
        scene.texts,
        frame=frame,
        version=make_version(scene.look),
        context=scene.context,
        added=find_added(scene.shelf, scene.cart, scene.added, scene.texts),
        checkout=CHECKOUT,
        **_make_parts(scene, error),
    )
    if refusal:
        return make_page(html, status=refusal.status, headers=make_retry_header(refusal.retry_after_s))
    if scene.look.assessment:
        return make_page(html)
    return make_page(html, status=503, headers=make_retry_header(scene.look.retry_after_s or 5))


def make_retry_header(after_s: int | None) -> dict[str, str]:
    return {"Retry-After": str(after_s)} if after_s else {}


def _make_parts(scene: Scene, error: UploadError | None = None) -> dict[str, Any]:
    assessment, texts = scene.look.assessment, scene.texts
    upload = make_upload(assessment, texts, csrf=scene.csrf, context=scene.context, error=error)
    return {
        "status": make_status_view(assessment, texts),
        "steps": make_sim_steps(assessment.status if assessment else None, texts),
        "upload": upload,
        "offers": make_offers_view(scene.shelf, scene.cart, texts, csrf=scene.csrf),
        # Where nothing can be sent any more there is no field to say it beside.
        "refusal": error.sentence if error and not upload else "",
    }
