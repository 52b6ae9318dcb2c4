"""Two orgs with the same kinds of things in each, and three callers who should see their own alone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from sqlalchemy import text

from bff.addresses import Address, add_address
from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE, DemoOrg
from bff.phones import LinkSource, link_phone
from tests.integration.bff.customers.desk import ADMIN, Desk

DEMO, OMAN = DEMO_ORGS
NOW = datetime.now(UTC)
REQUEST_ID = {"X-Request-Id": "isolation-isolation"}
"""The same on every request, so that equal answers are equal byte for byte."""

ADD_CUSTOMER = text(
    "INSERT INTO customers (org_id, id, kind, first_name, email, phone, account_id)"
    " VALUES (:org, :id, 'stub', :name, :email, :phone, :account)"
)
ADD_ORDER = text(
    "INSERT INTO orders (org_id, id, customer_id, account_id, digest, state, submit_by, currency, total, lines,"
    " placed_at) VALUES (:org, :id, :customer, :account, '', 'placed', :at, 'JPY', 1, '[]', :at)"
)
ADD_DECISION = text(
    "INSERT INTO gate_decisions (org_id, id, order_id, customer_id, account_id, outcome, next_action, problems, inputs,"
    " rules_version) VALUES (:org, :id, :order, :customer, :account, 'allowed', 'none', '[]', :inputs, 1)"
)
ADD_OVERRIDE = text(
    "INSERT INTO gate_overrides (org_id, id, account_id, product_type, reason, created_at, created_by, ends_at)"
    " VALUES (:org, :id, :account, 'sim', :reason, :at, 'staff:x', :later)"
)
GET_ACCOUNT = text("SELECT account_id FROM customers WHERE id = :id")


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of what belongs to one customer, by the names that routes give them; `marks` are texts that tell of it."""

    ids: dict[str, str]
    marks: tuple[str, ...]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """`own` and `neighbour` are customers of `demo`, `foreign` one of `oman`; `missing` was never there."""

    desk: Desk
    own: Holdings
    neighbour: Holdings
    foreign: Holdings
    missing: Holdings
    viewers: dict[str, httpx.AsyncClient]

    @property
    def strangers(self) -> dict[str, tuple[Holdings, ...]]:
        """Whose things each viewer must not find."""
        return {
            "customer": (self.neighbour, self.foreign),
            "staff": (self.foreign,),
            "machine": (self.foreign,),
        }


@asynccontextmanager
async def build_world(desk: Desk) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        hana = await stack.enter_async_context(desk.portal.signed_in())
        staff = await stack.enter_async_context(desk.staff(ADMIN))
        machine = await stack.enter_async_context(desk.machine())
        viewers = {"customer": hana, "staff": staff, "machine": machine}
        for viewer in viewers.values():
            viewer.headers.update(REQUEST_ID)
        yield World(
            desk=desk,
            own=await _hold(desk, DEMO, DEMO_PEOPLE[0].customer_id, "hana-mark", "+819011110000"),
            neighbour=await _hold(desk, DEMO, DEMO_PEOPLE[1].customer_id, "kenji-mark", "+819022220000"),
            foreign=await _hold(desk, OMAN, await _add_customer(desk), "salma-mark", "+96892345678"),
            missing=Holdings(ids={}, marks=()),
            viewers=viewers,
        )


async def _add_customer(desk: Desk) -> UUID:
    values = {"org": OMAN.id, "id": uuid4(), "name": "salma-mark", "email": "salma-mark@customer.example"}
    values |= {"phone": "+96892345678", "account": "001000000000099AAA"}
    async with desk.portal.adapters.database.transaction(OMAN.id) as session:
        await session.execute(ADD_CUSTOMER, values)
    return UUID(str(values["id"]))


async def _hold(desk: Desk, org: DemoOrg, customer_id: UUID, mark: str, phone: str) -> Holdings:
    """One of each kind of thing that a customer may have."""
    keys = {"org_id": org.id, "customer_id": customer_id}
    ids = {name: uuid4() for name in ("order_id", "override_id", "decision")}
    async with desk.portal.adapters.database.transaction(org.id) as session:
        account = (await session.execute(GET_ACCOUNT, {"id": customer_id})).scalar_one()
        place = Address(street=mark, city="City", country="JP")
        address = await add_address(session, address=place, **keys)
        await link_phone(session, phone=phone, source=LinkSource.AGENT, verified=False, at=NOW, **keys)
        link = await session.execute(
            text("SELECT id FROM phone_links WHERE customer_id = :id"), {"id": customer_id}
        )
        row: dict[str, Any] = {"org": org.id, "customer": customer_id, "account": account, "at": NOW}
        await session.execute(ADD_ORDER, row | {"id": ids["order_id"]})
        inputs = f'{{"lines": [], "mark": "{mark}"}}'
        decision = {"id": ids["decision"], "order": ids["order_id"], "inputs": inputs}
        await session.execute(ADD_DECISION, row | decision)
        override = {"id": ids["override_id"], "reason": mark, "later": NOW + timedelta(days=1)}
        await session.execute(ADD_OVERRIDE, row | override)
        ids |= {"customer_id": customer_id, "address_id": address.id, "link_id": link.scalar_one()}
    texts = {name: str(value) for name, value in ids.items()} | {"account_id": account}
    return Holdings(ids=texts, marks=(mark, phone, *texts.values()))
