"""The embedded engines under the supervisor: started beside each other, started again when they die."""

import asyncio
from typing import Protocol

from bff.engines.errors import EngineError
from bff.up.children import BACKOFF_CAP_S, BACKOFF_FIRST_S, Say

WATCH_S = 0.25


class Engine(Protocol):
    """What `bff.engines` offers of each engine."""

    @property
    def pid(self) -> int | None: ...
    def prepare(self) -> None: ...
    def launch(self) -> None: ...
    def wait_until_ready(self) -> None: ...
    def stop(self) -> None: ...


class Embedded:
    """One engine that is kept running on the same port until `stop`."""

    def __init__(self, name: str, engine: Engine, *, say: Say) -> None:
        self.name = name
        self._engine = engine
        self._say = say
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The engine's process id while it runs."""
        return self._engine.pid

    async def start(self) -> None:
        """Raises EngineError when the first start fails; later ends only lead to new starts."""
        await self._start_once()
        self._keeper = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await asyncio.to_thread(self._engine.stop)

    async def _start_once(self) -> None:
        await asyncio.to_thread(self._engine.prepare)
        # In this thread: the kernel ties the engine's life to the thread that forks it.
        self._engine.launch()
        await asyncio.to_thread(self._engine.wait_until_ready)

    async def _keep_running(self) -> None:
        pause_s = BACKOFF_FIRST_S
        while True:
            await asyncio.sleep(WATCH_S)
            if self._engine.pid is not None:
                continue
            self._say(f"{self.name} ended, starting it again")
            try:
                await self._start_once()
                pause_s = BACKOFF_FIRST_S
            except EngineError as error:
                self._say(str(error))
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, BACKOFF_CAP_S)
