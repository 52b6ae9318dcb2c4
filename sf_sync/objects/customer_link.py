"""Which Account and Contact stand for a customer of the portal: found by the external id that the portal gave."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.errors import AnswerMalformed
from sf_sync.objects.values import Row, find_text, get_record_id

CUSTOMER_ID = "Portal_Customer_Id__c"
ACCOUNT_PREFIX, CONTACT_PREFIX = "001", "003"


class CustomerLink(Struct, frozen=True, kw_only=True):
    """`contact_id` is the account's first contact; an account may have none."""

    account_id: str
    contact_id: str | None = None


def format_accounts_query(customer_ids: Sequence[UUID]) -> str:
    texts = [str(customer_id) for customer_id in customer_ids]
    return format_soql(f"SELECT Id, {CUSTOMER_ID} FROM Account WHERE {CUSTOMER_ID} IN {{}}", texts)  # noqa: S608


def format_contacts_query(account_ids: Sequence[str]) -> str:
    return format_soql(
        "SELECT Id, AccountId FROM Contact WHERE AccountId IN {} ORDER BY CreatedDate, Id", list(account_ids)
    )


def parse_links(accounts: Sequence[Row], contacts: Sequence[Row]) -> dict[UUID, CustomerLink]:
    """By customer. Raises AnswerMalformed."""
    first: dict[str, str] = {}
    for row in contacts:
        account_id = get_record_id(row, "AccountId", prefix=ACCOUNT_PREFIX)
        first.setdefault(account_id, get_record_id(row, "Id", prefix=CONTACT_PREFIX))
    links: dict[UUID, CustomerLink] = {}
    for row in accounts:
        account_id = get_record_id(row, "Id", prefix=ACCOUNT_PREFIX)
        links[_parse_customer_id(row)] = CustomerLink(account_id=account_id, contact_id=first.get(account_id))
    return links


def _parse_customer_id(row: Row) -> UUID:
    try:
        return UUID(find_text(row, CUSTOMER_ID) or "")
    except ValueError as error:
        raise AnswerMalformed(f"{CUSTOMER_ID} is not an id that the portal gave") from error
