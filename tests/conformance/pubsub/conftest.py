"""An org with its Pub/Sub API on a loopback port; keepalives come quickly."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sf_sync.emulator.settings import EmulatorSettings
from tests.conformance.pubsub.desk import Desk


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(pubsub_port=0, stream_keepalive_s=0.05)


@pytest_asyncio.fixture
async def desk(settings: EmulatorSettings) -> AsyncIterator[Desk]:
    desk = Desk(settings)
    await desk.start()
    yield desk
    await desk.stop()
