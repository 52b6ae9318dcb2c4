"""`/account/shop/internet`: the page, the part of it that follows the status, and its form."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from bff.addresses import digest_address, make_address
from bff.db import Database
from bff.eligibility.acceptance import Asked
from bff.eligibility.reading import Look
from bff.eligibility.refusals import EligibilityRefusal
from bff.eligibility.service import Eligibility
from bff.errors import PortalError, TooManyRequests
from bff.identity import Caller, requires_customer
from bff.identity.csrf import Csrf
from bff.portal.cart import Cart
from bff.portal.forms import FORM, LARGEST_FORM, Filled, is_sku, parse_review_form, read_form
from bff.portal.internet_view import PATH, REQUEST_PATH, make_form, make_internet_steps, make_status_view
from bff.portal.offers import Shelf, Shop
from bff.portal.offers_view import find_added, make_offers_view
from bff.portal.people import Visitor, get_texts_for, load_visitor
from bff.portal.places import CHECKOUT
from bff.portal.rendering import make_frame, make_live_part, make_page, render
from bff.stream.facts import make_version
from bff.texts import Texts
from sf_sync.objects.offer import ProductType

STATUS_PATH = f"{PATH}/status"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What one rendering of the page is about. `sku` is the product that led here, `added` one that was just put into
    the cart.
    """

    look: Look
    shelf: Shelf
    cart: Cart
    visitor: Visitor
    texts: Texts
    csrf: str
    sku: str = ""
    added: str = ""


class InternetPage:
    """One per process."""

    def __init__(self, eligibility: Eligibility, shop: Shop, database: Database, csrf: Csrf) -> None:
        self._eligibility = eligibility
        self._shop = shop
        self._database = database
        self._csrf = csrf

    async def load(self, caller: Caller, cart: Cart, *, sku: str = "", added: str = "") -> Scene:
        # The version is of the look, so nothing on the page may be read before it.
        look = await self._eligibility.reader.look(caller)
        return Scene(
            look=look,
            shelf=await self._shop.look(caller, ProductType.INTERNET),
            cart=cart,
            visitor=await load_visitor(self._database, caller),
            texts=get_texts_for(caller),
            csrf=self._csrf.find_token(caller.session_key),
            sku=sku,
            added=added,
        )

    async def ask(self, caller: Caller, filled: Filled) -> None:
        """
        Raises:
            EligibilityRefusal, TooManyRequests: nothing was written.
        """
        visitor = await load_visitor(self._database, caller)
        address = filled.address
        if address and visitor.address:
            given = make_address(address, region=caller.region)
            # The form shows less of an address than is on file: while it is the same place, what is on file stands.
            if digest_address(given) == digest_address(visitor.address):
                address = None
        asked = Asked(address=address, sku=filled.find("sku"), notes=filled.find("notes"))
        await self._eligibility.request_review(caller, asked)


@get(PATH, guards=[requires_customer], include_in_schema=False)
async def show_internet(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    internet_page: NamedDependency[InternetPage],
    sku: FromQuery[str] = "",
    added: FromQuery[str] = "",
) -> Response[str]:
    """A product that led here goes with the request, so that the reviewer knows what is wanted."""
    scene = await internet_page.load(caller, cart, sku=sku if is_sku(sku) else "", added=added)
    return answer_whole(scene)


@get(STATUS_PATH, guards=[requires_customer], include_in_schema=False)
async def show_internet_status(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    internet_page: NamedDependency[InternetPage],
) -> Response[str]:
    """The part of the page that changes with the status; the page's script fetches it when the stream says so."""
    scene = await internet_page.load(caller, cart)
    html = render("parts/internet.html", scene.texts, **_make_parts(scene))
    return make_live_part(html, make_version(scene.look))


@post(
    REQUEST_PATH,
    guards=[requires_customer],
    opt={"accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def submit_request(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    internet_page: NamedDependency[InternetPage],
) -> Response[Any]:
    """Works without a script: back to the page after success, else the form again with what is wrong beside it."""
    filled = parse_review_form(await read_form(request), get_texts_for(caller))
    if filled.errors:
        return await _show_again(caller, cart, internet_page, filled, status=422)
    try:
        await internet_page.ask(caller, filled)
    except EligibilityRefusal as refusal:
        refusal.speak(get_texts_for(caller))
        return await _show_again(caller, cart, internet_page, filled, status=refusal.status, refusal=refusal)
    except TooManyRequests as refusal:
        return await _show_again(caller, cart, internet_page, filled, status=refusal.status, refusal=refusal)
    return Redirect(PATH, status_code=303)


async def _show_again(
    caller: Caller,
    cart: Cart,
    page: InternetPage,
    filled: Filled,
    *,
    status: int,
    refusal: PortalError | None = None,
) -> Response[str]:
    scene = await page.load(caller, cart, sku=filled.find("sku") or "")
    return answer_whole(scene, filled=filled, error=refusal.sentence if refusal else "", status=status)


def answer_whole(
    scene: Scene, *, filled: Filled | None = None, error: str = "", status: int | None = None
) -> Response[str]:
    frame = make_frame(
        scene.texts, person=scene.visitor.person, csrf=scene.csrf, path=PATH, cart_count=scene.cart.count
    )
    html = render(
        "internet.html",
        scene.texts,
        frame=frame,
        version=make_version(scene.look),
        added=find_added(scene.shelf, scene.cart, scene.added, scene.texts),
        checkout=CHECKOUT,
        **_make_parts(scene, filled=filled, error=error),
    )
    if scene.look.assessment:
        return make_page(html, status=status or 200)
    return make_page(html, status=503, headers={"Retry-After": str(scene.look.retry_after_s or 5)})


def _make_parts(scene: Scene, *, filled: Filled | None = None, error: str = "") -> dict[str, Any]:
    assessment, texts = scene.look.assessment, scene.texts
    form = make_form(
        assessment,
        texts,
        csrf=scene.csrf,
        on_file=scene.visitor.address,
        filled=filled,
        error=error,
        sku=scene.sku,
    )
    return {
        "status": make_status_view(assessment, texts),
        "steps": make_internet_steps(assessment.status if assessment else None, texts),
        "form": form,
        "offers": make_offers_view(scene.shelf, scene.cart, texts, csrf=scene.csrf),
    }
