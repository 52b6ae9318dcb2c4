"""What staff and machines need to serve customers, put together: profiles, addresses, phones, search, codes."""

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
from bff.customers.claim_controllers import claim_customer, join_org, make_claim_link
from bff.customers.claiming import Claims
from bff.customers.claims import ClaimTokens
from bff.customers.controllers import (
    create_customer,
    deactivate_customer,
    edit_customer,
    list_customers,
    show_customer,
    show_history,
    upgrade_customer,
)
from bff.customers.export import Exports
from bff.customers.overview import export_customers, show_stats
from bff.customers.proofs import forget_proof
from bff.customers.search.controllers import search_customers
from bff.customers.search.service import SearchDesk
from bff.customers.service import Customers
from bff.deliveries import Deliveries
from bff.eligibility.pictures import make_pictures
from bff.otp.controllers import enter_code, send_code
from bff.otp.service import OneTimeCodes
from bff.phones import parse_phone
from bff.phones.controllers import link_number, list_numbers, unlink_number
from bff.phones.service import PhoneDesk
from bff.settings import Settings
from bff.tenancy.controllers import edit_org, show_org

ROUTES: list[ControllerRouterHandler] = [
    show_org,
    edit_org,
    create_customer,
    list_customers,
    show_customer,
    edit_customer,
    deactivate_customer,
    upgrade_customer,
    show_history,
    show_stats,
    export_customers,
    make_claim_link,
    claim_customer,
    join_org,
    list_customer_addresses,
    add_customer_address,
    change_customer_address,
    remove_customer_address,
    send_code,
    enter_code,
    search_customers,
    link_number,
    list_numbers,
    unlink_number,
]


def make_front_desk(settings: Settings, adapters: Adapters, deliveries: Deliveries) -> dict[str, Any]:
    """By the names under which handlers ask for them."""
    return {
        "customers": Customers(adapters, deliveries),
        "claims": Claims(adapters, ClaimTokens(settings.identity.secret_key)),
        "exports": Exports(adapters),
        "address_book": AddressBook(adapters, make_pictures(adapters)),
        "one_time_codes": OneTimeCodes(adapters, settings, parse_phone=parse_phone),
        "search_desk": SearchDesk(adapters, settings.search),
        "phone_desk": PhoneDesk(adapters, forget_proof),
    }
