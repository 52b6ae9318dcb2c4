"""What one rendering of the checkout is about, and how it is read."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from bff.checkout.rules import ProblemCode, Verdict
from bff.checkout.service import Checkout, Evaluated
from bff.db import Database
from bff.idempotency import make_digest
from bff.identity import Caller
from bff.identity.csrf import Csrf
from bff.next_actions import NextActionCode
from bff.orders.answers import list_checks
from bff.orders.rules import ShownPrices
from bff.orders.schemas import OrderInput, read_delivery, read_items
from bff.orders.service import OrderBook
from bff.orders.submission import Asked
from bff.portal.cart import Cart, format_items
from bff.portal.checkout_form import NOTHING_FILLED, FilledOrder, format_prices, make_delivery_fields
from bff.portal.checkout_view import (
    LineView,
    digest_order,
    format_total,
    list_lines,
    make_change_path,
    make_status,
    say_problem,
)
from bff.portal.forms import Field
from bff.portal.orders_view import CheckView, make_check_view
from bff.portal.people import Visitor, get_texts_for, load_visitor
from bff.portal.places import CHECKOUT_DOCUMENT, CHECKOUT_ORDER
from bff.portal.sim_view import UploadError, UploadView, make_upload
from bff.portal.views import StatusView, format_place
from bff.stream.facts import FactsReader, make_first_version
from bff.texts import Texts
from bff.verification.examination import Body
from bff.verification.service import Verification
from sf_sync.objects.account import VerificationStatus
from sf_sync.objects.offer import ProductType

LEAST_WAIT_S = 5
_ASK_FOR_ID = (ProblemCode.ID_NOT_SUBMITTED, ProblemCode.ID_REJECTED)


class CheckoutView(msgspec.Struct, frozen=True, kw_only=True):
    """`problems` are all that keep the order, in words; `ordered` and `prices` are the cart and what it costs as the
    order's form sends them, under the Idempotency-Key `key`.
    """

    status: StatusView | None
    lines: tuple[LineView, ...]
    total: str
    checks: tuple[CheckView, ...]
    problems: tuple[str, ...]
    change_path: str
    path: str
    key: str
    ordered: str
    prices: str
    fields: tuple[Field, ...]
    address: str
    needs_support: bool


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` is the version of both facts as the stream tells it; `filled` a form that came back. `is_in_doubt`: an
    order was just sent and nobody could tell, so that what is cached is not worth a word.
    """

    cart: Cart
    evaluated: Evaluated
    facts: str
    visitor: Visitor
    texts: Texts
    csrf: str
    filled: FilledOrder = NOTHING_FILLED
    upload_error: UploadError | None = None
    is_in_doubt: bool = False

    @property
    def version(self) -> str:
        """Of the facts, for the page's script to compare with the stream's, and of all else that is shown."""
        return f"{self.facts}~{digest_order(self.evaluated.verdict, self.evaluated.offers, self.cart)}"

    @property
    def product_types(self) -> frozenset[ProductType]:
        """What the cart may hold, while nobody can tell what it holds."""
        offers = self.evaluated.offers
        if offers is None:
            return frozenset(ProductType)
        return frozenset(offers[sku].product_type for sku, _ in self.cart.items if sku in offers)

    def judged(self, verdict: Verdict) -> "Scene":
        """By the live gate, which knows more than what is cached."""
        return msgspec.structs.replace(
            self, evaluated=msgspec.structs.replace(self.evaluated, verdict=verdict)
        )

    def find_outage_s(self) -> int | None:
        """When to try again while nobody can tell; None when somebody can, or nothing is asked."""
        away = [
            problem
            for problem in self.evaluated.verdict.problems
            if problem.code is ProblemCode.SOURCE_UNAVAILABLE
        ]
        if not away or not self.cart.items:
            return None
        return away[0].retry_after_s or LEAST_WAIT_S

    def make_upload(self) -> UploadView | None:
        """None unless a document is what is missing."""
        codes = {problem.code for problem in self.evaluated.verdict.problems}
        if codes.isdisjoint(_ASK_FOR_ID):
            return None
        return make_upload(
            self.evaluated.position.verification,
            self.texts,
            csrf=self.csrf,
            context="checkout",
            path=CHECKOUT_DOCUMENT,
            error=self.upload_error,
        )

    def make_parts(self) -> dict[str, Any]:
        """What the template of the live part is given."""
        if not self.cart.items:
            return {"order": None, "upload": None}
        return {"order": self._make_view(), "upload": self.make_upload()}

    def _make_view(self) -> CheckoutView:
        verdict, offers, texts = self.evaluated.verdict, self.evaluated.offers, self.texts
        checks = list_checks(self.product_types, self.evaluated.position, texts)
        address = self.visitor.address
        return CheckoutView(
            status=None if self.is_in_doubt else self._make_status(),
            lines=list_lines(verdict, offers, self.cart, texts),
            total=format_total(offers, self.cart, texts),
            checks=tuple(make_check_view(check, texts) for check in checks),
            problems=tuple(say_problem(problem, offers, texts) for problem in verdict.problems),
            change_path=make_change_path(self.csrf),
            path=f"{CHECKOUT_ORDER}?{urlencode({'csrf': self.csrf})}",
            key=self.cart.id,
            ordered=format_items(self.cart.items),
            prices=format_prices(offers or {}, self.cart.items),
            fields=make_delivery_fields(self.filled, texts),
            address=format_place(address, texts) if address else "",
            needs_support=verdict.next_action is NextActionCode.CONTACT_SUPPORT,
        )

    def _make_status(self) -> StatusView:
        evaluated = self.evaluated
        is_under_review = self._is_under_review()
        return make_status(
            evaluated.verdict, evaluated.offers, self.cart, self.texts, is_under_review=is_under_review
        )

    def _is_under_review(self) -> bool:
        seen = self.evaluated.position.verification
        is_submitted = seen is not None and seen.status is VerificationStatus.SUBMITTED
        return is_submitted and ProductType.SIM in self.product_types


class CheckoutPage:
    """One per process."""

    def __init__(
        self,
        checkout: Checkout,
        order_book: OrderBook,
        verification: Verification,
        facts_reader: FactsReader,
        database: Database,
        csrf: Csrf,
    ) -> None:
        self._checkout = checkout
        self._order_book = order_book
        self._verification = verification
        self._facts_reader = facts_reader
        self._database = database
        self._csrf = csrf

    async def load(self, caller: Caller, cart: Cart, *, filled: FilledOrder = NOTHING_FILLED) -> Scene:
        # First, so that a change in between shows as news on the stream instead of getting lost.
        facts = make_first_version(await self._facts_reader.read(caller))
        return Scene(
            cart=cart,
            evaluated=await self._checkout.evaluate(caller, cart.items),
            facts=str(facts),
            visitor=await self.load_visitor(caller),
            texts=get_texts_for(caller),
            csrf=self._csrf.find_token(caller.session_key),
            filled=filled,
        )

    async def load_visitor(self, caller: Caller) -> Visitor:
        return await load_visitor(self._database, caller)

    async def is_cart_changed(self, caller: Caller, cart: Cart, filled: FilledOrder) -> bool:
        """Whether the page that sent the form shows another cart than there is: changed or emptied in another window.

        One that is empty because it was ordered is answered like the first time.
        """
        is_empty = not cart.items
        return cart.items != filled.items and not (
            is_empty and await self._order_book.knows(caller, filled.key)
        )

    async def submit(self, caller: Caller, order: OrderInput, prices: ShownPrices, *, key: str) -> bytes:
        """The finished answer to a placed order; `key` is its Idempotency-Key, `prices` are what the page showed.

        Raises:
            As `OrderBook.submit`.
        """
        asked = Asked(
            items=read_items(order),
            shown=prices,
            delivery=read_delivery(order.delivery, caller.region),
            digest=make_digest(CHECKOUT_ORDER, order),
            texts=get_texts_for(caller),
        )
        return await self._order_book.submit(caller, asked, key=key)

    async def send_document(self, caller: Caller, body: Body) -> None:
        """
        Raises:
            VerificationRefusal, TooManyRequests: nothing is kept.
        """
        await self._verification.submit(caller, body, context="checkout", requires_quality=True)


def make_checkout_page(parts: dict[str, Any]) -> CheckoutPage:
    return CheckoutPage(
        parts["checkout"],
        parts["order_book"],
        parts["verification"],
        FactsReader(parts["eligibility"].reader, parts["verification"].reader),
        parts["database"],
        parts["csrf"],
    )
