"""Puts the demo people in place. Safe to repeat: what a person changed since then is left as it is."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.addresses import Address, save_default_address
from bff.db import Database
from bff.demo.people import DEMO_ORGS, DEMO_PEOPLE, DemoOrg, DemoPerson
from sf_sync.errors import SalesforceError
from sf_sync.objects.customer_link import CustomerLink
from sf_sync.salesforce import Salesforce

SALESFORCE_TIMEOUT_S = 5.0

ADD_ORG = text(
    "INSERT INTO orgs (id, slug, name, region, locale) VALUES (:id, :slug, :name, :region, :locale)"
    " ON CONFLICT (slug) DO NOTHING"
)
ADD_USER = text("INSERT INTO users (id, email) VALUES (:id, :email) ON CONFLICT (email) DO NOTHING")
ADD_CUSTOMER = text(
    "INSERT INTO customers (org_id, id, user_id, kind, email, first_name, last_name)"
    " VALUES (:org, :id, :user, 'full', :email, :first, :last) ON CONFLICT (org_id, id) DO NOTHING"
)
ADD_STAFF = text(
    "INSERT INTO staff (org_id, id, user_id, email, role) VALUES (:org, :id, :user, :email, :role)"
    " ON CONFLICT (org_id, id) DO NOTHING"
)
LINK = text(
    "UPDATE customers SET account_id = :account, contact_id = :contact WHERE org_id = :org AND id = :id"
    " AND (account_id, contact_id) IS DISTINCT FROM (:account, :contact)"
)

log = structlog.get_logger(__name__)


async def seed_demo(database: Database, salesforce: Salesforce) -> bool:
    """Organisations, sign-ins, addresses and the links to Salesforce Accounts.

    Salesforce is only read. False when it is away or knows none of the customers: they are in place without links,
    which the next call adds.
    """
    org = DEMO_ORGS[0]
    async with database.orgless() as session:
        await _add_orgs_and_users(session)
    async with database.transaction(org.id) as session:
        for person in DEMO_PEOPLE:
            await _add_person(session, org, person)
    links = await _find_links(salesforce)
    async with database.transaction(org.id) as session:
        await _link(session, org, links)
    return bool(links)


async def _add_orgs_and_users(session: AsyncSession) -> None:
    for org in DEMO_ORGS:
        await session.execute(ADD_ORG, {"id": org.id, **msgspec.structs.asdict(org)})
    for person in DEMO_PEOPLE:
        await session.execute(ADD_USER, {"id": person.user_id, "email": person.email})


async def _add_person(session: AsyncSession, org: DemoOrg, person: DemoPerson) -> None:
    values = {"org": org.id, "user": person.user_id, "email": person.email}
    if person.role is not None:
        await session.execute(ADD_STAFF, {**values, "id": person.staff_id, "role": person.role})
        return
    first, last = person.name.split(" ", 1)
    added = await session.execute(
        ADD_CUSTOMER, {**values, "id": person.customer_id, "first": first, "last": last}
    )
    is_new = bool(added.rowcount)  # type: ignore[attr-defined]
    if is_new and person.address is not None:
        address = msgspec.convert(person.address, Address)
        await save_default_address(session, org_id=org.id, customer_id=person.customer_id, address=address)


async def _find_links(salesforce: Salesforce) -> Mapping[UUID, CustomerLink]:
    customer_ids = [person.customer_id for person in DEMO_PEOPLE if person.role is None]
    try:
        return await salesforce.find_customer_links(customer_ids, timeout_s=SALESFORCE_TIMEOUT_S)
    except SalesforceError as error:
        log.warning("demo_not_linked", error=type(error).__name__)
        return {}


async def _link(session: AsyncSession, org: DemoOrg, links: Mapping[UUID, CustomerLink]) -> None:
    for customer_id, link in links.items():
        values = {"account": link.account_id, "contact": link.contact_id}
        await session.execute(LINK, {"org": org.id, "id": customer_id, **values})
