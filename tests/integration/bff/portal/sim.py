"""A document and how it gets to the SIM page, and a reviewer who judges it."""

import re
from html import unescape

import httpx

from tests.documents import make_jpeg
from tests.integration.bff.portal.visitor import show
from tests.integration.bff.scene import Scene
from tests.integration.sf_sync.org import update_account

PAGE = "/account/shop/sim"
JPEG = make_jpeg()


async def read(client: httpx.AsyncClient) -> str:
    return show(await client.get(PAGE))


def find_form(html: str) -> str:
    found = re.search(r'action="(/account/shop/sim/document\?csrf=[^"]+)"', html)
    assert found
    return unescape(found[1])


async def send(
    client: httpx.AsyncClient,
    content: bytes = JPEG,
    name: str = "card.jpg",
    *,
    page: str = PAGE,
    **fields: str,
) -> httpx.Response:
    form = find_form((await client.get(page)).text)
    return await client.post(form, files={"file": (name, content, "image/jpeg")}, data=fields)


async def judge(scene: Scene, name: str, status: str, **values: str | None) -> None:
    """As a reviewer; and then as the feed, which does not run here, forgets what is cached."""
    account_id = scene.find_account(name)["Id"]
    update_account(scene.emulator, account_id, Id_Verification_Status__c=status, **values)
    await scene.portal.adapters.account_view.invalidate([account_id])


async def post_part(client: httpx.AsyncClient, form: str, content: bytes, name: str) -> httpx.Response:
    """By hand, because a browser sends an empty name for an empty field and httpx does not."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--b--\r\n"
    return await client.post(form, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
