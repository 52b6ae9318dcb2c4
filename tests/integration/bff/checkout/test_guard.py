"""The gate in our rules and the guard in Salesforce are two spellings of one rule: both are asked about every state."""

from itertools import product
from typing import Any

import msgspec
import pytest

from bff.checkout.guard import plan_guard
from bff.checkout.positions import make_position
from bff.checkout.rules import CartLine, evaluate
from sf_sync.accounts import Freshness, Sighting
from sf_sync.client import SalesforceClient
from sf_sync.emulator.app import Emulator
from sf_sync.objects.account import format_account_query, parse_account
from sf_sync.objects.account_gate import format_gate_query
from sf_sync.objects.offer import ProductType
from tests.integration.sf_sync.org import change, update_account

pytestmark = pytest.mark.asyncio

HOME = CartLine("NET-HOME", 1, ProductType.INTERNET, ("Home",))
EITHER = CartLine("NET-EITHER", 1, ProductType.INTERNET, ("Home", "Apartment"))
ANY = CartLine("NET-ANY", 1, ProductType.INTERNET)
SIM = CartLine("SIM", 1, ProductType.SIM)
CARTS = [[HOME], [EITHER], [ANY], [SIM], [HOME, SIM], [ANY, SIM], [HOME, EITHER]]
OVERRIDES = [
    frozenset[ProductType](),
    frozenset({ProductType.INTERNET}),
    frozenset({ProductType.SIM}),
    frozenset(ProductType),
]
ELIGIBILITY = ["Not Requested", "Pending", "Eligible", "Ineligible", None]
RESULTS = ["Home", "Apartment", "Office", None]
VERIFICATION = ["Not Submitted", "Submitted", "Verified", "Rejected", None]


async def test_gate_and_guard_agree_on_every_state(
    salesforce_client: SalesforceClient, emulator: Emulator
) -> None:
    names = salesforce_client.settings.account_fields
    with change(emulator) as transaction:
        account_id = transaction.insert("Account", {"Name": "Everybody"})
    disagreements: list[Any] = []
    let_through = 0
    for eligibility, result, verification in product(ELIGIBILITY, RESULTS, VERIFICATION):
        update_account(
            emulator,
            account_id,
            Internet_Eligibility_Status__c=eligibility,
            Internet_Eligibility__c=result,
            Id_Verification_Status__c=verification,
        )
        row = (await salesforce_client.query(format_account_query(account_id, names)))[0]
        freshness = Freshness(as_of=emulator.org.now(), source="salesforce")
        position = make_position(Sighting(facts=parse_account(row, names), freshness=freshness))
        for cart, overridden in product(CARTS, OVERRIDES):
            standing = msgspec.structs.replace(position.standing, overridden=overridden)
            may = evaluate(cart, standing).can_submit
            soql = format_gate_query(account_id, plan_guard(cart, overridden), names)
            found = bool(await salesforce_client.query(soql))
            let_through += found
            if may != found:
                disagreements.append((eligibility, result, verification, cart, overridden))

    assert disagreements == []
    assert let_through > 100
