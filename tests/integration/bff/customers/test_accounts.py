"""Salesforce Accounts of full customers: one each, made or found, whatever happens on the way."""

import asyncio
from typing import Any

import pytest

from tests.integration.bff.customers.desk import CUSTOMERS, Desk
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import change

pytestmark = pytest.mark.asyncio


async def settle(scene: Scene, desk: Desk, customer_id: str) -> Any:
    """The customer's row once nothing of its delivery waits. The try behind the answer may come between."""
    row: dict[str, Any] = {"state": "waiting"}
    while row["state"] == "waiting":
        await scene.deliver()
        [row] = await desk.list_rows(
            "SELECT c.account_id, c.contact_id, d.state FROM customers AS c LEFT JOIN deliveries AS d ON d.id = c.id"
            " WHERE c.id = :id",
            id=customer_id,
        )
    return row


async def make_while_away(scene: Scene, desk: Desk) -> Any:
    """Tried once, in vain."""
    scene.emulator.faults.change({"unavailable": True})
    made = await desk.make_full()
    waits = "SELECT id FROM deliveries WHERE attempts > 0 AND claim IS NULL"
    while not await desk.list_rows(waits):  # noqa: ASYNC110
        await asyncio.sleep(0.02)  # another connection commits it; there is no event
    scene.emulator.faults.reset()
    return made


def list_accounts(scene: Scene, customer_id: str) -> list[Any]:
    return list(scene.emulator.org.find_by("Account", "Portal_Customer_Id__c", customer_id))


class TestFullCustomer:
    async def test_gets_an_account_and_a_contact(self, desk: Desk, scene: Scene) -> None:
        made = await desk.make_full()
        row = await settle(scene, desk, made["id"])

        [account] = list_accounts(scene, made["id"])
        assert (row["account_id"], row["state"]) == (account["Id"], "delivered")
        assert account["Name"] == "Aiko Tanaka"
        assert row["contact_id"].startswith("003")

    async def test_of_an_upgrade_gets_one_too(self, desk: Desk, scene: Scene) -> None:
        made = await desk.make()
        assert (await settle(scene, desk, made["id"]))["state"] is None
        async with desk.staff() as client:
            body = {"lastName": "Tanaka", "email": "aiko@new.example", "proof": await desk.prove()}
            await client.post(f"{CUSTOMERS}/{made['id']}/upgrade", json=body)

        assert (await settle(scene, desk, made["id"]))["account_id"] is not None

    async def test_is_made_while_salesforce_is_away_and_linked_when_it_is_back(
        self, desk: Desk, scene: Scene
    ) -> None:
        made = await make_while_away(scene, desk)

        assert (await settle(scene, desk, made["id"]))["state"] == "delivered"
        assert len(list_accounts(scene, made["id"])) == 1

    async def test_has_one_account_when_the_answer_was_lost(self, desk: Desk, scene: Scene) -> None:
        scene.emulator.faults.change({"cut_after_commit": True, "method": "POST", "times": 1})
        made = await desk.make_full()

        row = await settle(scene, desk, made["id"])
        assert [account["Id"] for account in list_accounts(scene, made["id"])] == [row["account_id"]]

    async def test_is_linked_to_the_account_that_somebody_made_meanwhile(
        self, desk: Desk, scene: Scene
    ) -> None:
        made = await make_while_away(scene, desk)
        with change(scene.emulator) as transaction:
            values = {"Name": "Made by hand", "Portal_Customer_Id__c": made["id"]}
            account_id = transaction.insert("Account", values)

        assert (await settle(scene, desk, made["id"]))["account_id"] == account_id
        assert [account["Name"] for account in list_accounts(scene, made["id"])] == ["Made by hand"]

    async def test_keeps_names_and_numbers_out_of_the_outbox(self, desk: Desk, scene: Scene) -> None:
        made = await desk.make_full()

        [row] = await desk.list_rows(
            "SELECT payload, account_id FROM deliveries WHERE id = :id", id=made["id"]
        )
        assert row == {"payload": {}, "account_id": f"customer:{made['id']}"}
