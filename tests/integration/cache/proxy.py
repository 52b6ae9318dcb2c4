"""A relay between a client and a server that can be slow, silent or gone."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path


class Proxy:
    """`delay_s` holds back each reply; `is_held` all of them until `release`. `chunks` is what clients sent."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._flows: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._holds_next = False
        self.port = 0
        self.delay_s = 0.0
        self.refuses = False
        self.chunks: list[bytes] = []
        self.replies_held = 0

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def release_one(self) -> None:
        """Let the oldest chunk of replies through and hold the next."""
        self._holds_next = True
        self._open.set()

    def cut(self) -> None:
        """Break every connection; new ones are accepted unless `refuses`."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        self._writers |= {writer, upstream_writer}
        self._flows |= {
            asyncio.create_task(self._relay_commands(reader, upstream_writer)),
            asyncio.create_task(self._relay_replies(upstream_reader, writer)),
        }

    async def close(self) -> None:
        self.cut()
        for flow in self._flows:
            flow.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    async def _relay_commands(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 20):
                self.chunks.append(data)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _relay_replies(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 20):
                self.replies_held += 1
                await asyncio.sleep(self.delay_s)
                await self._open.wait()
                if self._holds_next:
                    self._holds_next = False
                    self._open.clear()
                self.replies_held -= 1
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@contextlib.asynccontextmanager
async def open_proxy(upstream_port: int, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    proxy = Proxy(upstream_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()


@contextlib.asynccontextmanager
async def open_unix_proxy(upstream_port: int, path: Path) -> AsyncIterator[Proxy]:
    proxy = Proxy(upstream_port)
    server = await asyncio.start_unix_server(proxy.serve, path)
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
