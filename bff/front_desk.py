"""What staff and machines need to serve customers, put together: addresses, one-time codes."""

from typing import Any

from litestar.types import ControllerRouterHandler

from bff.adapters import Adapters
from bff.addresses.controllers import (
    add_customer_address,
    change_customer_address,
    list_customer_addresses,
    remove_customer_address,
)
from bff.addresses.service import AddressBook
from bff.eligibility.pictures import make_pictures
from bff.settings import Settings

ROUTES: list[ControllerRouterHandler] = [
    list_customer_addresses,
    add_customer_address,
    change_customer_address,
    remove_customer_address,
]


def make_front_desk(settings: Settings, adapters: Adapters) -> dict[str, Any]:
    """By the names under which handlers ask for them."""
    return {"address_book": AddressBook(adapters, make_pictures(adapters))}
