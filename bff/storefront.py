"""The shop's parts put together: catalogue, overrides, gate."""

from typing import Any

from litestar.types import ControllerRouterHandler

from bff.adapters import Adapters
from bff.catalog import Catalogue
from bff.catalog.controllers import list_offers
from bff.checkout.controllers import evaluate_cart
from bff.checkout.positions import Positions
from bff.checkout.service import Checkout
from bff.overrides import OverrideReader
from bff.overrides.controllers import create_override, end_override, list_overrides
from bff.overrides.service import OverrideDesk
from sf_sync.offers import Offers, OfferView

ROUTES: list[ControllerRouterHandler] = [
    list_offers,
    evaluate_cart,
    create_override,
    list_overrides,
    end_override,
]


def make_shop(adapters: Adapters) -> dict[str, Any]:
    """By the names under which handlers ask for them."""
    overrides = OverrideReader(adapters)
    catalogue = Catalogue(
        OfferView(Offers(adapters.client), adapters.redis), adapters.account_view, overrides
    )
    positions = Positions(adapters, overrides)
    return {
        "catalogue": catalogue,
        "positions": positions,
        "checkout": Checkout(positions, catalogue),
        "override_desk": OverrideDesk(adapters, overrides),
    }
