"""The order is where a reviewer decides on the document; the verdict reaches the account, for every later order."""

from typing import Any

import pytest

from tests.integration.bff.orders.shop import place
from tests.integration.bff.scene import Scene, make_email
from tests.integration.sf_sync.org import change

pytestmark = pytest.mark.asyncio


def get_order(scene: Scene, order_id: str) -> Any:
    return scene.emulator.org.find_by("Order", "Portal_Order_Id__c", order_id)[0]


def list_linked(scene: Scene, record_id: str) -> list[str]:
    links = scene.emulator.org.find_by("ContentDocumentLink", "LinkedEntityId", record_id)
    return [link["ContentDocumentId"] for link in links]


class TestReviewOnTheOrder:
    async def test_is_pending_with_the_document_linked(self, scene: Scene) -> None:
        order_id = (await place(scene, "kenji", "SIM-3G"))["id"]
        await scene.deliver()

        order, account = get_order(scene, order_id), scene.find_account("kenji")
        assert order["Id_Review_Status__c"] == "Pending"
        assert order["Id_Review_Version_Id__c"] == account["Id_Verification_Submitted_Version_Id__c"]
        assert list_linked(scene, order["Id"]) == [account["Id_Verification_Content_Document_Id__c"]]

    async def test_rolls_up_to_the_account(self, scene: Scene) -> None:
        order_id = (await place(scene, "kenji", "SIM-3G"))["id"]
        await scene.deliver()

        with change(scene.emulator) as transaction:
            transaction.update("Order", get_order(scene, order_id)["Id"], {"Id_Review_Status__c": "Approved"})
        await scene.forget("kenji")

        async with scene.portal.signed_in(make_email("kenji")) as kenji:
            told = (await kenji.get("/api/verification/id")).json()
        assert (told["status"], told["canUpload"]) == ("verified", False)
        assert told["verifiedAt"]

    async def test_is_not_opened_for_somebody_verified(self, scene: Scene) -> None:
        order_id = (await place(scene, "sara", "SIM-3G"))["id"]
        await scene.deliver()

        assert "Id_Review_Status__c" not in get_order(scene, order_id)

    async def test_opened_twice_is_opened_once(self, scene: Scene) -> None:
        order_id = (await place(scene, "kenji", "SIM-3G"))["id"]
        await scene.deliver()
        order = get_order(scene, order_id)

        await scene.portal.adapters.orders.open_review(order["Id"], order["AccountId"])

        assert len(list_linked(scene, order["Id"])) == 1
