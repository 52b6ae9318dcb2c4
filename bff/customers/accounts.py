"""How a full customer comes by a Salesforce Account, at last exactly one."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters
from bff.audit import record
from bff.customers.repository import find_customer
from bff.customers.rules import CustomerKind, Profile
from bff.deliveries import Delivered, Deliveries, Delivery, DeliveryHandler, Outcome, Refused, handler
from bff.deliveries.judging import judge_failure
from sf_sync.customer_accounts import CustomerAccounts
from sf_sync.errors import SalesforceError
from sf_sync.objects.customer_account import CreateAccount
from sf_sync.objects.customer_link import CustomerLink

KIND = "customer_account"
LINK = text(
    "UPDATE customers SET account_id = :account, contact_id = :contact, updated_at = :at"
    " WHERE org_id = :org AND id = :id AND account_id IS NULL"
)


async def promise_account(session: AsyncSession, deliveries: Deliveries, profile: Profile) -> UUID | None:
    """In the transaction that makes the customer full. The id to try the delivery by, or None when none is needed.

    The customer's id is the external id, and so the delivery's too: there can be no second one.
    """
    if profile.kind is not CustomerKind.FULL or profile.account_id is not None:
        return None
    await deliveries.enqueue(
        session,
        kind=KIND,
        org_id=profile.org_id,
        account_id=f"customer:{profile.id}",  # has none yet, and is alone in its line until it has
        payload={},
        op_id=profile.id,
    )
    return profile.id


@handler(KIND)
class CustomerAccountDelivery(DeliveryHandler):
    """Names and numbers are read when they are sent: the payload holds none, and late ones are the right ones."""

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        async with adapters.database.transaction(delivery.org_id) as session:
            profile = await find_customer(session, org_id=delivery.org_id, customer_id=delivery.id)
        if profile is None:
            return Refused("The customer is gone.")
        try:
            link = await CustomerAccounts(adapters.client).ensure(make_command(profile))
        except SalesforceError as error:
            return judge_failure(error)
        return make_delivered(link)

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        link = await CustomerAccounts(adapters.client).find(delivery.id)
        return make_delivered(link) if link else None

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        if isinstance(outcome, Refused):
            return
        link = {"account": outcome.salesforce_id, "contact": outcome.data["contact"]}
        values = {"org": delivery.org_id, "id": delivery.id, "at": datetime.now(UTC)}
        await session.execute(LINK, values | link)
        await record(
            session,
            org_id=delivery.org_id,
            actor="portal",
            action="customer.linked",
            subject=f"customer:{delivery.id}",
            detail={"account": outcome.salesforce_id},
        )


def make_command(profile: Profile) -> CreateAccount:
    """Salesforce wants a last name; whoever has one name only has it there."""
    last_name = profile.last_name or profile.first_name or profile.shown_number
    return CreateAccount(
        customer_id=profile.id,
        first_name=profile.first_name if profile.last_name else None,
        last_name=last_name,
        phone=profile.phone,
        email=profile.email,
    )


def make_delivered(link: CustomerLink) -> Delivered:
    return Delivered(link.account_id, {"contact": link.contact_id})
