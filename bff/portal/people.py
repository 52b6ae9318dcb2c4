"""What a page shows of the customer who is signed in."""

import msgspec
from sqlalchemy import text

from bff.addresses import Address, find_default_address
from bff.db import Database
from bff.identity import Caller
from bff.portal.rendering import Person
from bff.texts import Texts, find_texts

FIND_NAME = text(
    "SELECT concat_ws(' ', first_name, last_name) AS name, email FROM customers"
    " WHERE org_id = :org AND id = :customer"
)


class Visitor(msgspec.Struct, frozen=True):
    person: Person
    address: Address | None


def get_texts_for(caller: Caller) -> Texts:
    return find_texts(caller.locale).in_zone_of(caller.region)


async def load_visitor(database: Database, caller: Caller) -> Visitor:
    """The customer's name (or e-mail) and default address, in one transaction."""
    async with database.transaction(caller.org_id) as session:
        found = await session.execute(FIND_NAME, {"org": caller.org_id, "customer": caller.customer_id})
        row = found.one()
        address = caller.customer_id and await find_default_address(
            session, org_id=caller.org_id, customer_id=caller.customer_id
        )
    return Visitor(Person(row.name or row.email or "–"), address or None)
