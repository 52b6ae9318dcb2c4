"""`/checkout`: the page, the part of it that follows cart and status, and its forms."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from bff.checkout.rules import ProblemCode, Verdict
from bff.errors import IdempotencyKeyReused, PortalError, ServiceUnavailable, TooManyRequests
from bff.identity import Caller, requires_customer
from bff.orders.refusals import OrderBlocked, OrderNotChecked, OrderUnconfirmed
from bff.portal.cart import Cart, make_cart_cookie, make_empty_cart, parse_items
from bff.portal.checkout_form import FilledOrder, list_mistakes, parse_order_form
from bff.portal.checkout_scene import CheckoutPage, Scene
from bff.portal.checkout_view import make_removed
from bff.portal.forms import FORM, LARGEST_FORM, FieldError, read_form
from bff.portal.people import get_texts_for
from bff.portal.places import CHECKOUT, CHECKOUT_DOCUMENT, CHECKOUT_ORDER, CHECKOUT_STATUS, ORDERS
from bff.portal.rendering import make_frame, make_live_part, make_page, render
from bff.portal.sim_view import make_upload_error
from bff.portal.views import Link
from bff.settings import Settings
from bff.texts import N_
from bff.verification.controllers import LARGEST_UPLOAD, make_body
from bff.verification.refusals import VerificationRefusal
from bff.verification.schemas import MULTIPART

_KEPT = N_("We can't check your status at the moment. Your cart is kept.")
_SENTENCES: dict[type[PortalError], str] = {
    OrderNotChecked: _KEPT,
    ServiceUnavailable: _KEPT,
    IdempotencyKeyReused: N_(
        "We may have your order already. Please look at your orders before you send this one."
    ),
}
_REFUSALS = (OrderBlocked, OrderNotChecked, OrderUnconfirmed, ServiceUnavailable, IdempotencyKeyReused)
_CHANGED_OFFER = N_("An offer has changed since you opened this page. Please check it and order again.")
_CHANGED_CART = N_("Your cart has changed in another window. Please check it and order again.")
_MISTAKES = N_("Please check what you entered")
_FULL = N_("Your cart is full. Order what is in it, or remove something first.")


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, above everything else; `errors` lead to their fields."""

    text: str
    tone: str = "bad"
    errors: tuple[FieldError, ...] = ()
    action: Link | None = None


class _Placed(msgspec.Struct, frozen=True):
    """What is read of the answer to a placed order."""

    id: UUID


@get(CHECKOUT, guards=[requires_customer], include_in_schema=False)
async def show_checkout(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    checkout_page: NamedDependency[CheckoutPage],
    removed: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Response[str]:
    """`removed` is what was just taken out, to be brought back with one click."""
    scene = await checkout_page.load(caller, cart)
    alert = Alert(text=scene.texts.say(_FULL)) if notice == "full" else None
    return answer_whole(scene, removed=removed, alert=alert)


@get(CHECKOUT_STATUS, guards=[requires_customer], include_in_schema=False)
async def show_checkout_status(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    checkout_page: NamedDependency[CheckoutPage],
) -> Response[str]:
    """The part of the page that changes with cart and status."""
    scene = await checkout_page.load(caller, cart)
    html = render("parts/checkout.html", scene.texts, **scene.make_parts())
    return make_live_part(html, scene.version)


@post(
    CHECKOUT_ORDER,
    guards=[requires_customer],
    opt={"accepts": FORM},
    request_max_body_size=LARGEST_FORM,
    include_in_schema=False,
)
async def place_order(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    checkout_page: NamedDependency[CheckoutPage],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """To the order's page, or the checkout again with what keeps it; whatever happens, nothing entered is lost."""
    filled = await _read_order(request, caller, checkout_page)
    if await checkout_page.is_cart_changed(caller, cart, filled):
        kept = cart if cart.items else Cart(id=filled.key, items=filled.items)
        response = await _show_again(caller, kept, checkout_page, filled, status=409, sentence=_CHANGED_CART)
        response.set_cookie(make_cart_cookie(kept, caller, is_development=settings.is_development))
        return response
    if filled.order is None:
        return await _show_again(caller, cart, checkout_page, filled, status=422, sentence=_MISTAKES)
    try:
        answer = await checkout_page.submit(caller, filled.order, filled.prices, key=filled.key)
    except _REFUSALS as refusal:
        kept = Cart(id=filled.key, items=filled.items)
        # The order under this key is refused or somebody else's for good; only one in doubt may still come true.
        kept = kept if isinstance(refusal, OrderUnconfirmed) else kept.renew()
        response = await _show_refusal(caller, kept, checkout_page, filled, refusal)
        response.set_cookie(make_cart_cookie(kept, caller, is_development=settings.is_development))
        return response
    order_id = msgspec.json.decode(answer, type=_Placed).id
    emptied = make_cart_cookie(make_empty_cart(), caller, is_development=settings.is_development)
    return Redirect(f"{ORDERS}/{order_id}", status_code=303, cookies=[emptied])


@post(
    CHECKOUT_DOCUMENT,
    guards=[requires_customer],
    opt={"accepts": MULTIPART},
    request_max_body_size=LARGEST_UPLOAD,
    include_in_schema=False,
)
async def send_checkout_document(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    checkout_page: NamedDependency[CheckoutPage],
) -> Response[Any]:
    """The document of an order, without a script: back to the checkout, or the same with what is wrong beside it."""
    try:
        await checkout_page.send_document(caller, make_body(request))
    except (VerificationRefusal, TooManyRequests) as refusal:
        scene = await checkout_page.load(caller, cart)
        error = make_upload_error(refusal, scene.texts)
        scene = msgspec.structs.replace(scene, upload_error=error)
        # Where no document is taken any more there is no field to say it beside.
        alert = None if scene.make_upload() else Alert(text=error.sentence)
        return answer_whole(scene, alert=alert, status=refusal.status, retry_after_s=refusal.retry_after_s)
    return Redirect(CHECKOUT, status_code=303)


async def _read_order(request: Request[Any, Any, Any], caller: Caller, page: CheckoutPage) -> FilledOrder:
    form, visitor = await read_form(request), await page.load_visitor(caller)
    return parse_order_form(
        form, region=caller.region, has_address=visitor.address is not None, texts=get_texts_for(caller)
    )


async def _show_again(
    caller: Caller,
    cart: Cart,
    page: CheckoutPage,
    filled: FilledOrder,
    *,
    status: int,
    sentence: str,
) -> Response[str]:
    shown = cart if cart.items else Cart(id=filled.key, items=filled.items)
    scene = await page.load(caller, shown, filled=filled)
    alert = Alert(text=scene.texts.say(sentence), errors=list_mistakes(filled, scene.texts))
    return answer_whole(scene, alert=alert, status=status)


async def _show_refusal(
    caller: Caller, cart: Cart, page: CheckoutPage, filled: FilledOrder, refusal: PortalError
) -> Response[str]:
    scene = await page.load(caller, cart, filled=filled)
    scene = msgspec.structs.replace(scene, is_in_doubt=not isinstance(refusal, OrderBlocked))
    sentence = next((_SENTENCES[kind] for kind in _SENTENCES if isinstance(refusal, kind)), refusal.detail)
    if isinstance(refusal, OrderBlocked):
        left = _drop_repriced(refusal.verdict, scene.evaluated.verdict)
        sentence = _CHANGED_OFFER if left != refusal.verdict else sentence
        scene = scene.judged(left) if left.problems else scene
    orders = Link(ORDERS, scene.texts.say(N_("See your orders")))
    action = orders if isinstance(refusal, IdempotencyKeyReused | OrderUnconfirmed) else None
    tone = "warn" if scene.is_in_doubt else "bad"
    alert = Alert(text=scene.texts.say(sentence), tone=tone, action=action)
    return answer_whole(scene, alert=alert, status=refusal.status, retry_after_s=refusal.retry_after_s)


def _drop_repriced(refused: Verdict, shown: Verdict) -> Verdict:
    """Without the offers that are gone at the price that the page had and there at the one that it shows now."""
    gone = {problem.sku for problem in shown.problems}
    left = tuple(
        problem
        for problem in refused.problems
        if problem.code is not ProblemCode.OFFER_NOT_AVAILABLE or problem.fits or problem.sku in gone
    )
    return Verdict(left, refused.next_action)


def answer_whole(
    scene: Scene,
    *,
    removed: str = "",
    alert: Alert | None = None,
    status: int | None = None,
    retry_after_s: int | None = None,
) -> Response[str]:
    """Without a status of its own the answer is 503 while nobody can tell whether the cart may be ordered."""
    frame = make_frame(
        scene.texts, person=scene.visitor.person, csrf=scene.csrf, path=CHECKOUT, cart_count=scene.cart.count
    )
    offers = scene.evaluated.offers
    html = render(
        "checkout.html",
        scene.texts,
        frame=frame,
        version=scene.version,
        alert=alert,
        removed=make_removed(parse_items(removed) or (), offers, scene.cart, scene.texts, csrf=scene.csrf),
        **scene.make_parts(),
    )
    after_s = retry_after_s or (scene.find_outage_s() if status is None else None)
    headers = {"Retry-After": str(after_s)} if after_s else {}
    return make_page(html, status=status or (503 if after_s else 200), headers=headers)
