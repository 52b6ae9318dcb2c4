import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn

from sf_sync.emulator.app import create_emulator
from sf_sync.emulator.settings import EmulatorSettings
from tests.fixtures.emulator import make_salesforce_settings
from tests.integration.cache.engine import Engine
from tests.integration.feed.rig import Rig


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A Valkey of the test's own, to be stopped, restarted and put back."""
    engine = Engine(tmp_path)
    engine.start()
    yield engine
    engine.kill()


@pytest_asyncio.fixture
async def rig(engine: Engine) -> AsyncIterator[Rig]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = EmulatorSettings(
        port=listener.getsockname()[1], pubsub_port=find_port(), demo=True, stream_keepalive_s=0.3
    )
    emulator = create_emulator(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            emulator.asgi, log_level="warning", access_log=False, lifespan="off", interface="asgi3"
        )
    )
    await emulator.start()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    rig = Rig(emulator, url, engine.url, make_salesforce_settings(url))
    await rig.open()
    yield rig
    await rig.close()
    server.should_exit = True
    await emulator.stop()
    await serving
