"""Reading what the tiles are made of."""

import msgspec

from bff.dashboard.rules import HeldOrder, Tile, plan_tiles
from bff.identity import Caller
from bff.orders.answers import choose_next_action, find_state
from bff.orders.rules import OrderState
from bff.orders.service import OrderBook, OrderPage

MOST_ORDERS = 50
"""Of the newest orders; an older one on hold is still on the page of orders."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """One reading: `page` has the orders that the tiles are about, newest first."""

    tiles: list[Tile]
    page: OrderPage


class Dashboard:
    """One per process."""

    def __init__(self, order_book: OrderBook) -> None:
        self._order_book = order_book

    async def list_tiles(self, caller: Caller) -> list[Tile]:
        return (await self.load(caller)).tiles

    async def load(self, caller: Caller) -> Overview:
        page = await self._order_book.list_page(caller, after=None, limit=MOST_ORDERS)
        held = [
            HeldOrder(id=order.id, next_action=choose_next_action(order, page.position))
            for order in page.orders
            if find_state(order, page.position) is OrderState.ON_HOLD
        ]
        ordered = frozenset(product_type for order in page.orders for product_type in order.product_types)
        return Overview(tiles=plan_tiles(page.position.standing, held, ordered), page=page)
