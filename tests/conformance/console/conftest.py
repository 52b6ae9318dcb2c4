"""An emulator with one customer waiting for a review, and a browser's side of HTTP without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.console.reviews import open_review


@pytest.fixture
def emulator() -> Emulator:
    return create_emulator(EmulatorSettings())


@pytest.fixture
def case_id(emulator: Emulator) -> str:
    return open_review(emulator.org, "Hana Sato", notes="Ring twice <b>please</b>")


@pytest_asyncio.fixture
async def browser(emulator: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=emulator.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8100") as client:
        yield client
