"""The running product with a browser for everybody in it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from playwright.async_api import Browser, Locator, Page, expect

from tests.faults.up_run import UpRun

ARTIFACTS = Path(__file__).parent.parent.parent / "test-artifacts"


class Town(msgspec.Struct, frozen=True):
    run: UpRun
    browser: Browser

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.run.emulator_port}/console"

    @asynccontextmanager
    async def visit(
        self, name: str, path: str = "/account/shop/internet", *, language: str = "", **context: Any
    ) -> AsyncIterator[Page]:
        """A customer who has signed in and looks at a page; the internet page unless told otherwise."""
        portal = f"http://localhost:{self.run.port}"
        opened = await self.browser.new_context(base_url=portal, **context)
        if language:
            await opened.add_cookies([{"name": "language", "value": language, "url": portal}])
        page = await opened.new_page()
        await page.goto(path)
        await page.get_by_role("button", name=name).click()
        await expect(page.locator("nav.tabs")).to_be_visible()
        yield page
        await opened.close()

    async def decide(self, name: str, **choice: str) -> None:
        """A reviewer decides on the customer's open Case in the console; without a browser, where time is taken."""
        async with httpx.AsyncClient(base_url=self.console) as client:
            queue = await client.get("")
            links = re.findall(r'href="/console/cases/(\w+)"[^>]*>\s*([^<]+)', queue.text)
            case_id = next(case_id for case_id, label in links if name in label)
            answer = await client.post(f"/cases/{case_id}/decision", data=choice)
            assert answer.status_code < 400, answer.text

    async def change_account(self, name: str, **values: str | None) -> None:
        """Somebody changes the account in Salesforce itself, through its REST API."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.run.emulator_port}") as client:
            credentials = {"client_id": "portal-bff", "client_secret": "local-development-only"}
            grant = {"grant_type": "client_credentials", **credentials}
            token = (await client.post("/services/oauth2/token", data=grant)).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            query = {"q": f"SELECT Id FROM Account WHERE Name = '{name}'"}
            found = (await client.get("/services/data/v66.0/query", params=query)).json()["records"][0]
            path = f"/services/data/v66.0/sobjects/Account/{found['Id']}"
            assert (await client.patch(path, json=values)).status_code == 204


def headline(page: Page) -> Locator:
    return page.locator("#headline")


async def keep_picture(page: Page, name: str) -> None:
    """Below `test-artifacts`, for people to look at; the page must not be wider than the screen."""
    ARTIFACTS.mkdir(exist_ok=True)
    await page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name


async def press_tab_until(page: Page, selector: str) -> None:
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.locator(selector).first.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{selector} cannot be reached with the keyboard")
