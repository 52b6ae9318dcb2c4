"""Which pages there are, and what they are made from."""

from typing import Any

from litestar.types import ControllerRouterHandler

from bff.portal.account import ACCOUNT_PAGES, make_account_parts
from bff.portal.assets import serve_asset
from bff.portal.cart_changes import add_to_cart, change_cart
from bff.portal.checkout import (
    place_order,
    send_checkout_document,
    show_checkout,
    show_checkout_status,
)
from bff.portal.checkout_scene import make_checkout_page
from bff.portal.claim import ClaimPage, send_claim, show_claim
from bff.portal.design import show_design
from bff.portal.internet import InternetPage, show_internet, show_internet_status, submit_request
from bff.portal.offers import Shop
from bff.portal.sign_in import show_home, show_sign_in, sign_in, sign_out
from bff.portal.sim import SimPage, send_document, show_sim, show_sim_status


def list_pages(*, is_development: bool) -> list[ControllerRouterHandler]:
    pages: list[ControllerRouterHandler] = [
        serve_asset,
        show_home,
        show_sign_in,
        sign_out,
        *ACCOUNT_PAGES,
        show_internet,
        show_internet_status,
        submit_request,
        show_sim,
        show_sim_status,
        send_document,
        add_to_cart,
        change_cart,
        show_checkout,
        show_checkout_status,
        place_order,
        send_checkout_document,
        show_claim,
        send_claim,
    ]
    return [*pages, sign_in, show_design] if is_development else pages


def make_page_parts(parts: dict[str, Any]) -> dict[str, Any]:
    """From the parts of the app, by the names under which handlers ask for them."""
    database, csrf = parts["database"], parts["csrf"]
    shop = Shop(parts["catalogue"], parts["positions"])
    return {
        **make_account_parts(parts),
        "internet_page": InternetPage(parts["eligibility"], shop, database, csrf),
        "sim_page": SimPage(parts["verification"], shop, database, csrf),
        "checkout_page": make_checkout_page(parts),
        "claim_page": ClaimPage(parts["claims"], database, csrf),
    }
