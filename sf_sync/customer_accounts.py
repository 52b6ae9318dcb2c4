"""What the product asks of Salesforce about the Accounts of its customers, in the product's words."""

from uuid import UUID

import msgspec

from sf_sync.client import Lane, SalesforceClient
from sf_sync.client.refusals import find_failure
from sf_sync.errors import AnswerMalformed, OutcomeUnknown
from sf_sync.ids import parse_record_id
from sf_sync.objects.customer_account import CreateAccount, parse_account, plan_account
from sf_sync.objects.customer_link import CustomerLink
from sf_sync.salesforce import Salesforce


class CustomerAccounts:
    """All verbs raise the errors of `sf_sync.errors`."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._salesforce = Salesforce(client)

    async def find(self, customer_id: UUID) -> CustomerLink | None:
        """The Account that has the customer's id as its external id; one call, two when there is one."""
        links = await self._salesforce.find_customer_links([customer_id])
        return links.get(customer_id)

    async def ensure(self, command: CreateAccount) -> CustomerLink:
        """An Account that is there already is linked as it is; otherwise it is made, with a Contact, in one call.

        After OutcomeUnknown ask with `find`, or just repeat it: neither ever makes a second Account.
        """
        if found := await self.find(command.customer_id):
            return found
        answers = await self._client.composite(plan_account(command), idempotent=False, lane=Lane.CUSTOMER)
        failure = find_failure(answers)
        if failure is not None:
            raise failure
        try:
            return _widen(parse_account(answers))
        except AnswerMalformed as error:
            raise OutcomeUnknown("Salesforce did the call but does not say what it made") from error


def _widen(link: CustomerLink) -> CustomerLink:
    contact_id = parse_record_id(link.contact_id) if link.contact_id else None
    return msgspec.structs.replace(link, account_id=parse_record_id(link.account_id), contact_id=contact_id)
