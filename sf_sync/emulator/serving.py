"""Serves an emulator over HTTP without touching the process's signal handlers."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sf_sync.emulator.asgi import ASGIApp
from sf_sync.emulator.rest.http import CONNECTION


class DroppableProtocol(HttpToolsProtocol):
    """Hands the TCP transport to the application, so that a fault can drop the connection unanswered."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[CONNECTION] = self.transport  # type: ignore[literal-required]


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the emulator, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """One listening port. `port` 0 takes a free one; after `start` it is the real one."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self.host = host
        self.port = port
        config = uvicorn.Config(
            app,
            http=DroppableProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        listener = socket.create_server((self.host, self.port))
        # asyncio does this only for sockets that it made itself; without it every answer waits 40 ms for an
        # acknowledgement, since headers and body leave in two writes.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.listening.wait()

    async def stop(self) -> None:
        """Stop listening, give open calls a second, and close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
