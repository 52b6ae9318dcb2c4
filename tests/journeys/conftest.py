"""The running product for the journeys: one for each file, since a journey leaves its traces."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.faults.up_run import UpRun, up_run
from tests.journeys.town import Town


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpRun]:
    with up_run(tmp_path_factory.mktemp("journeys")) as run:
        run.start()
        yield run


@pytest_asyncio.fixture(loop_scope="module")
async def town(running: UpRun, browser: Browser) -> AsyncIterator[Town]:
    """Everybody leaves at the end: no page of a test is open in the next one."""
    yield Town(running, browser)
    for context in browser.contexts:
        await context.close()
