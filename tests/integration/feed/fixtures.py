"""An engine and a feed on it, for the tests here and for those that kill."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.feed.engine import Engine
from tests.integration.feed.rig import Rig, open_rig


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path)
    engine.start()
    yield engine
    engine.kill()


@pytest_asyncio.fixture
async def rig(engine: Engine) -> AsyncIterator[Rig]:
    async with open_rig(engine.url) as rig:
        yield rig
