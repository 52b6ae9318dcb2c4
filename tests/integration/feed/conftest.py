from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bff.engines.valkey import Valkey
from tests.integration.feed.rig import Rig, open_rig


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server of the test's own that loses all data when it stops, unless it was told to SAVE."""
    valkey = Valkey(tmp_path, lasting=False)
    valkey.start()
    yield valkey
    valkey.stop()


@pytest_asyncio.fixture
async def rig(valkey: Valkey) -> AsyncIterator[Rig]:
    async with open_rig(valkey.url()) as rig:
        yield rig
