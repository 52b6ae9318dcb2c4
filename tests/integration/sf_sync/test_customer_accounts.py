"""Accounts of customers: made once, and linked when they are there."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from sf_sync.client import SalesforceClient
from sf_sync.customer_accounts import CustomerAccounts
from sf_sync.emulator.app import Emulator
from sf_sync.errors import OutcomeUnknown
from sf_sync.objects.customer_account import CreateAccount
from tests.integration.sf_sync.conftest import MakeAccounts

pytestmark = pytest.mark.asyncio


@pytest.fixture
def accounts(salesforce_client: SalesforceClient) -> CustomerAccounts:
    return CustomerAccounts(salesforce_client)


def make_command(customer_id: UUID | None = None) -> CreateAccount:
    return CreateAccount(
        customer_id=customer_id or uuid4(),
        first_name="Aiko",
        last_name="Tanaka",
        phone="+819012345678",
        email="aiko@customer.example",
    )


def list_rows(emulator: Emulator, customer_id: UUID) -> list[Any]:
    return list(emulator.org.find_by("Account", "Portal_Customer_Id__c", str(customer_id)))


class TestEnsure:
    async def test_makes_an_account_with_a_contact(
        self, accounts: CustomerAccounts, emulator: Emulator
    ) -> None:
        command = make_command()
        link = await accounts.ensure(command)

        [row] = list_rows(emulator, command.customer_id)
        [contact] = emulator.org.select("Contact", lambda contact: contact["AccountId"] == link.account_id)
        assert (row["Id"], row["Name"], row["Phone"]) == (link.account_id, "Aiko Tanaka", "+819012345678")
        assert (contact["Id"], contact["Email"]) == (link.contact_id, "aiko@customer.example")

    async def test_links_an_account_that_is_there_and_leaves_it_alone(
        self, accounts: CustomerAccounts, emulator: Emulator, make_accounts: MakeAccounts
    ) -> None:
        command = make_command()
        [account_id] = make_accounts(Portal_Customer_Id__c=str(command.customer_id))
        link = await accounts.ensure(command)

        [row] = list_rows(emulator, command.customer_id)
        assert (link.account_id, link.contact_id, row["Name"]) == (account_id, None, "Customer 0")

    async def test_makes_no_second_one_when_the_answer_is_lost(
        self, accounts: CustomerAccounts, emulator: Emulator
    ) -> None:
        command = make_command()
        emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})
        with pytest.raises(OutcomeUnknown):
            await accounts.ensure(command)
        emulator.faults.reset()
        link = await accounts.ensure(command)

        assert [row["Id"] for row in list_rows(emulator, command.customer_id)] == [link.account_id]

    async def test_cuts_what_is_too_long_and_leaves_no_reference_in_a_name(
        self, accounts: CustomerAccounts, emulator: Emulator
    ) -> None:
        odd = msgspec.structs.replace(
            make_command(), first_name="@{account.id}", last_name="x" * 100, email="e" * 90 + "@x.example"
        )
        link = await accounts.ensure(odd)

        [contact] = emulator.org.select("Contact", lambda contact: contact["AccountId"] == link.account_id)
        assert (contact["FirstName"], len(contact["LastName"])) == ("@ {account.id}", 80)
        assert contact.get("Email") is None
