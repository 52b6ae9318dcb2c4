"""A customer's browser without scripts, and what it shows."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import httpx

from tests.fixtures.portal import ORIGIN
from tests.integration.bff.scene import Scene, make_email

HTML = {"Accept": "text/html,application/xhtml+xml"}


@asynccontextmanager
async def visiting(scene: Scene, name: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser: it follows no script, sends an origin with forms, and no header of ours."""
    async with scene.portal.signed_in(make_email(name)) as client:
        del client.headers["X-CSRF-Token"]
        client.headers.update({"Origin": ORIGIN, **HTML})
        yield client


def show(answer: httpx.Response) -> str:
    """The words of a page, as far as they matter here."""
    words = re.sub(r"<template.*?</template>|<[^>]+>", " ", answer.text.split("<main")[1], flags=re.DOTALL)
    return " ".join(unescape(words).split())
