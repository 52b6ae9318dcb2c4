"""An org without demo records, and a signed-in caller of its REST side, in process."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sf_sync.emulator.app import Emulator, create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.rest.caller import Caller


@pytest.fixture
def emulator() -> Emulator:
    return create_emulator(EmulatorSettings())


@pytest_asyncio.fixture
async def caller(emulator: Emulator) -> AsyncIterator[Caller]:
    async with Caller(emulator) as caller:
        yield caller
