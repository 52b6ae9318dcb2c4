"""`/account/orders` and `/account/orders/{id}`: the lists, one order, and the part of it that follows the status."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from bff.db import Database
from bff.identity import Caller, requires_customer
from bff.identity.csrf import Csrf
from bff.keyset import CURSOR, format_cursor, parse_cursor
from bff.orders.service import OrderBook
from bff.portal.cart import Cart
from bff.portal.orders_view import PATH, OrderView, make_order_row, make_order_view
from bff.portal.people import get_texts_for, load_visitor
from bff.portal.rendering import Frame, make_frame, make_live_part, make_page, render
from bff.stream.facts import FactsReader, make_first_version

ROWS = 10
ORDER = f"{PATH}/{{order_id:uuid}}"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What one rendering of an order is about. `version` is of both facts, as the stream tells it."""

    order: OrderView
    version: str


class OrderPages:
    """One per process."""

    def __init__(
        self, order_book: OrderBook, facts_reader: FactsReader, database: Database, csrf: Csrf
    ) -> None:
        self.order_book = order_book
        self._facts_reader = facts_reader
        self._database = database
        self._csrf = csrf

    async def load(self, caller: Caller, order_id: UUID) -> Scene:
        """
        Raises:
            NotFound
        """
        # First, so that a change in between shows as news on the stream instead of getting lost.
        version = make_first_version(await self._facts_reader.read(caller))
        order, position = await self.order_book.get(caller, order_id)
        return Scene(order=make_order_view(order, position, get_texts_for(caller)), version=str(version))

    async def make_frame(self, caller: Caller, cart: Cart, path: str) -> Frame:
        visitor = await load_visitor(self._database, caller)
        csrf = self._csrf.find_token(caller.session_key)
        return make_frame(
            get_texts_for(caller), person=visitor.person, csrf=csrf, path=path, cart_count=cart.count
        )


@get(PATH, guards=[requires_customer], include_in_schema=False)
async def show_orders(
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    order_pages: NamedDependency[OrderPages],
    cursor: Annotated[str | None, CURSOR] = None,
) -> Response[str]:
    """Newest first; `cursor` leads to older ones."""
    texts = get_texts_for(caller)
    page = await order_pages.order_book.list_page(caller, after=parse_cursor(cursor), limit=ROWS)
    older = f"{PATH}?cursor={format_cursor(page.next_place)}" if page.next_place else ""
    html = render(
        "orders.html",
        texts,
        frame=await order_pages.make_frame(caller, cart, f"{PATH}?cursor={cursor}" if cursor else PATH),
        orders=[make_order_row(order, page.position, texts) for order in page.orders],
        older=older,
        is_first=cursor is None,
    )
    return make_page(html)


@get(ORDER, guards=[requires_customer], include_in_schema=False)
async def show_order_page(
    order_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    cart: NamedDependency[Cart],
    order_pages: NamedDependency[OrderPages],
) -> Response[str]:
    scene = await order_pages.load(caller, order_id)
    frame = await order_pages.make_frame(caller, cart, scene.order.path)
    html = render("order.html", get_texts_for(caller), frame=frame, order=scene.order, version=scene.version)
    return make_page(html)


@get(f"{ORDER}/status", guards=[requires_customer], include_in_schema=False)
async def show_order_status(
    order_id: FromPath[UUID], caller: NamedDependency[Caller], order_pages: NamedDependency[OrderPages]
) -> Response[str]:
    """The part of the page that changes with the status; the page's script fetches it when the stream says so."""
    scene = await order_pages.load(caller, order_id)
    html = render("parts/order.html", get_texts_for(caller), order=scene.order)
    return make_live_part(html, scene.version)
