"""Documents in a browser: choosing one, sending it, and the reviewer who judges it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import FilePayload, Locator, Page, expect

from tests.documents import make_jpeg
from tests.journeys.town import Town

JPEG = make_jpeg()
LOOKS, LOOK_EVERY_MS = 100, 200


def make_file(name: str, content: bytes = JPEG, media_type: str = "image/jpeg") -> FilePayload:
    return {"name": name, "mimeType": media_type, "buffer": content}


def field(page: Page) -> Locator:
    return page.locator("#field-file")


def send_button(page: Page) -> Locator:
    return page.locator("form[enctype] [data-actions] button")


async def choose(page: Page, file: FilePayload, state: str = "ready") -> None:
    await field(page).set_input_files(file)
    await expect(page.locator(f'[data-upload][data-state="{state}"]')).to_be_attached()


@asynccontextmanager
async def reviewing(town: Town, name: str) -> AsyncIterator[Page]:
    """A reviewer who has the customer's document open in the console. It may have to wait for its turn among the
    account's writes, and the console is no live page.
    """
    reviewer = await town.browser.new_page()
    await reviewer.goto(f"{town.console}/documents")
    waiting = reviewer.locator("table.documents").get_by_role("link", name=name)
    for _ in range(LOOKS):
        if await waiting.count():
            break
        await reviewer.wait_for_timeout(LOOK_EVERY_MS)
        await reviewer.reload()
    await waiting.click()
    yield reviewer
    await reviewer.close()


async def reject(town: Town, name: str, message: str) -> None:
    async with reviewing(town, name) as reviewer:
        await reviewer.get_by_label("Message to the customer").fill(message)
        await reviewer.get_by_role("button", name="Reject").click()
        await expect(reviewer.get_by_role("status")).to_contain_text("Rejected")


async def verify(town: Town, name: str) -> None:
    async with reviewing(town, name) as reviewer:
        await reviewer.get_by_role("button", name="Verify").click()
        await expect(reviewer.get_by_role("status")).to_contain_text("Verified")
