"""The running product for the journeys: one for each file, since a journey leaves its traces."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser

from tests.faults.up_run import UpRun, up_run
from tests.journeys.town import Town


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpRun]:
    with up_run(tmp_path_factory.mktemp("journeys")) as run:
        run.start()
        yield run


@pytest.fixture
def town(running: UpRun, browser: Browser) -> Town:
    return Town(running, browser)
