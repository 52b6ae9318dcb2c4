"""The shop's parts put together: catalogue, overrides, gate, orders, dashboard."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from bff.adapters import Adapters
from bff.catalog import Catalogue
from bff.catalog.controllers import list_offers
from bff.checkout.controllers import evaluate_cart
from bff.checkout.decision_desk import show_decisions
from bff.checkout.positions import Positions
from bff.checkout.service import Checkout
from bff.dashboard.controllers import list_tasks
from bff.dashboard.service import Dashboard
from bff.deliveries import Deliveries
from bff.orders.controllers import list_orders, show_order, submit_order
from bff.orders.service import OrderBook
from bff.overrides import OverrideReader
from bff.overrides.controllers import create_override, end_override, list_overrides
from bff.overrides.service import OverrideDesk
from bff.settings import Settings
from sf_sync.offers import OfferView

ROUTES: list[ControllerRouterHandler] = [
    list_offers,
    evaluate_cart,
    submit_order,
    list_orders,
    show_order,
    show_decisions,
    list_tasks,
    create_override,
    list_overrides,
    end_override,
]


def make_shop(settings: Settings, adapters: Adapters, deliveries: Deliveries) -> dict[str, Any]:
    """By the names under which handlers ask for them."""
    overrides = OverrideReader(adapters)
    catalogue = Catalogue(OfferView(adapters.offers, adapters.redis), adapters.account_view, overrides)
    positions = Positions(adapters, overrides)
    order_book = OrderBook(adapters, deliveries, catalogue, positions, timeout_s=settings.order_timeout_s)
    return {
        "catalogue": catalogue,
        "positions": positions,
        "checkout": Checkout(positions, catalogue),
        "order_book": order_book,
        "dashboard": Dashboard(order_book),
        "override_desk": OverrideDesk(adapters, overrides),
    }


def make_lifespan(order_book: OrderBook) -> Callable[[Litestar], Any]:
    """Ends before the adapters are closed: submissions that go on behind an answer are written down."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        yield
        await order_book.drain()

    return lifespan
