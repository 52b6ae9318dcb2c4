"""Buying in tests."""

from typing import Any

from tests.integration.bff.scene import Scene, make_email


async def place(scene: Scene, name: str, *skus: str, **more: Any) -> dict[str, Any]:
    """The answer to an order that is placed."""
    body = {"items": [{"sku": sku} for sku in skus], **more}
    async with scene.portal.signed_in(make_email(name)) as client:
        answer = await client.post("/api/orders", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told
