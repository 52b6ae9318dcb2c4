"""A customer's cart and checkout, as a browser without scripts goes through them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

import httpx

from tests.integration.bff.portal.visitor import visiting
from tests.integration.bff.scene import Scene

CHECKOUT = "/checkout"
NET, NET_10G, APARTMENT, SIM = "NET-HOME-1G", "NET-HOME-10G", "NET-APT-1G", "SIM-3G"


@asynccontextmanager
async def shopping(scene: Scene, name: str) -> AsyncIterator[httpx.AsyncClient]:
    """A visit whose cart is kept. The session's cookie is sent by hand, so the others have to be too."""
    async with visiting(scene, name) as client:
        session = client.headers["Cookie"]

        async def keep_cart(answer: httpx.Response) -> None:
            for cookie in answer.headers.get_list("set-cookie"):
                if cookie.startswith("cart="):
                    client.headers["Cookie"] = f"{session}; {cookie.split(';')[0]}"

        client.event_hooks["response"].append(keep_cart)
        yield client


def find_action(html: str, path: str) -> str:
    """The address of the form, with its token."""
    found = re.search(rf'action="({path}\?csrf=[^"]+)"', html)
    assert found, path
    return unescape(found[1])


async def find_token(client: httpx.AsyncClient) -> str:
    page = await client.get("/account/shop/sim")
    return find_action(page.text, "/sign-out").partition("=")[2]


async def add(client: httpx.AsyncClient, *skus: str, **fields: Any) -> httpx.Response:
    """The answer to the last; each goes in once."""
    token = await find_token(client)
    answers = [
        await client.post("/cart/add", params={"csrf": token}, data={"sku": sku, **fields}) for sku in skus
    ]
    return answers[-1]


async def change(client: httpx.AsyncClient, sku: str, quantity: Any) -> httpx.Response:
    token = await find_token(client)
    return await client.post("/cart/change", params={"csrf": token}, data={"sku": sku, "quantity": quantity})


async def open_checkout(client: httpx.AsyncClient) -> dict[str, str]:
    """What the order's form would send, and where to."""
    page = (await client.get(CHECKOUT)).text
    return {
        "path": find_action(page, "/checkout/order"),
        "key": re.search(r'name="key" value="([^"]*)"', page)[1],  # type: ignore[index]
        "items": re.search(r'name="items" value="([^"]*)"', page)[1],  # type: ignore[index]
        "prices": re.search(r'name="prices" value="([^"]*)"', page)[1],  # type: ignore[index]
    }


async def confirm(client: httpx.AsyncClient, opened: dict[str, str], **fields: str) -> httpx.Response:
    form = {name: value for name, value in opened.items() if name != "path"}
    return await client.post(opened["path"], data={**form, **fields})


async def order(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await confirm(client, await open_checkout(client), **fields)
