"""The pages about what the customer has: overview and orders, and the switch of languages."""

from typing import Any

from litestar.types import ControllerRouterHandler

from bff.portal.dashboard import OverviewPage, show_overview, show_overview_status
from bff.portal.language import choose_language
from bff.portal.orders import OrderPages, show_order_page, show_order_status, show_orders
from bff.stream.facts import FactsReader

ACCOUNT_PAGES: list[ControllerRouterHandler] = [
    choose_language,
    show_overview,
    show_overview_status,
    show_orders,
    show_order_page,
    show_order_status,
]


def make_account_parts(parts: dict[str, Any]) -> dict[str, Any]:
    """By the names under which handlers ask for them."""
    facts_reader = FactsReader(parts["eligibility"].reader, parts["verification"].reader)
    database, csrf = parts["database"], parts["csrf"]
    return {
        "overview_page": OverviewPage(parts["dashboard"], facts_reader, database, csrf),
        "order_pages": OrderPages(parts["order_book"], facts_reader, database, csrf),
    }
