"""An org without demo records, and a signed-in caller of its REST side, in process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.files.library import Library
from tests.conformance.files.review import Review


@pytest.fixture
def emulator() -> Emulator:
    return create_emulator(EmulatorSettings())


@pytest_asyncio.fixture
async def library(emulator: Emulator) -> AsyncIterator[Library]:
    async with Library(emulator) as library:
        yield library


@pytest_asyncio.fixture
async def account_id(library: Library) -> str:
    return await library.create("Account", Name="Hana Sato")


@pytest.fixture
def review(library: Library, account_id: str) -> Review:
    return Review(library, account_id)
