"""Buying in tests."""

from typing import Any

import httpx

from sf_sync.offers import OfferView
from tests.integration.bff.scene import Scene, make_email
from tests.integration.sf_sync.org import change

ORDERS = "/api/orders"
NET, SIM = "NET-HOME-1G", "SIM-3G"


def make_body(*skus: str, **more: Any) -> dict[str, Any]:
    return {"items": [{"sku": sku} for sku in skus], **more}


async def submit(scene: Scene, name: str, *skus: str, key: str | None = None, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    async with scene.portal.signed_in(make_email(name)) as client:
        return await client.post(ORDERS, json=make_body(*skus, **more), headers=headers)


async def warm(scene: Scene) -> None:
    """The catalogue is read and cached."""
    async with scene.portal.signed_in(make_email("noor")) as client:
        await client.get("/api/catalog", params={"type": "sim"})
    scene.emulator.journal.clear()


def reprice(scene: Scene, sku: str, price: float) -> None:
    """In Salesforce; what is cached stays."""
    entry = next(scene.emulator.org.select("PricebookEntry", lambda row: row["ProductCode"] == sku))
    with change(scene.emulator) as transaction:
        transaction.update("PricebookEntry", entry["Id"], {"UnitPrice": price})


def withdraw(scene: Scene, sku: str) -> None:
    """In Salesforce; what is cached stays."""
    product = next(scene.emulator.org.select("Product2", lambda row: row["ProductCode"] == sku))
    with change(scene.emulator) as transaction:
        transaction.update("Product2", product["Id"], {"IsActive": False})


async def forget_offers(scene: Scene) -> None:
    """As the feed does when a product or a price has changed."""
    await OfferView(scene.portal.adapters.offers, scene.portal.adapters.redis).invalidate()


def list_orders(scene: Scene) -> list[Any]:
    return list(scene.emulator.org.select("Order"))


async def override(scene: Scene, name: str, product_type: str) -> None:
    body = {
        "accountId": scene.find_account(name)["Id"],
        "productType": product_type,
        "reason": "Confirmed by an engineer",
        "endsAt": "2026-12-19T00:00:00Z",
    }
    async with scene.portal.signed_in("support@staff.example") as client:
        answer = await client.post("/api/v1/gate-overrides", json=body)
    assert answer.status_code == 201, answer.text


async def place(scene: Scene, name: str, *skus: str, **more: Any) -> dict[str, Any]:
    """The answer to an order that is placed."""
    answer = await submit(scene, name, *skus, **more)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told
