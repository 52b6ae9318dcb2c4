"""Bodies that are refused unread, over real sockets: strangers are cut off, customers get their answer."""

import asyncio
import contextlib
import socket
from typing import ClassVar

import httpx
import msgspec
import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.fixtures.portal import HANA, Portal, sign_in
from tests.fixtures.web import Server

pytestmark = pytest.mark.asyncio

MOST_FROM_STRANGERS = 64 * 1024
ONE_BUFFER = 256 * 1024
BODY = 10 * 1024 * 1024
STEP = 4 * 1024
PAGE, API = "/account/shop/sim/document", "/api/verification/id"


class Sent(msgspec.Struct, frozen=True):
    """What a client got for what it sent before the server hung up."""

    answer: bytes
    count: int

    @property
    def status(self) -> int:
        return int(self.answer.split(b" ", 2)[1])


def format_head(path: str, *lines: str) -> bytes:
    head = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: multipart/form-data; boundary=b",
        *lines,
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


async def send(server: Server, head: bytes, *, total: int = BODY, pause_s: float = 0.002) -> Sent:
    """Sends for as long as somebody takes it; a network is slower than this machine, hence the pauses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    reading = asyncio.create_task(read_all(reader))
    writer.write(head)
    count = 0
    with contextlib.suppress(ConnectionError):
        while count < total and not reading.done():
            writer.write(bytes(STEP))
            await writer.drain()
            count += STEP
            await asyncio.sleep(pause_s)
    async with asyncio.timeout(15):
        answer = await reading
    writer.close()
    return Sent(answer, count)


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """What came before the end, also before an end by reset."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(STEP):
            answer += part
    return answer


class TestStrangers:
    @pytest.mark.parametrize("length", [f"Content-Length: {BODY}", "Transfer-Encoding: chunked"])
    @pytest.mark.parametrize("path", [API, f"{API}/check", PAGE])
    async def test_are_cut_off_before_their_body(self, server: Server, path: str, length: str) -> None:
        chunk = b"%x\r\n" % BODY if "chunked" in length else b""

        sent = await send(server, format_head(path, length) + chunk)

        assert sent.status in (401, 403)
        assert b"connection: close" in sent.answer
        assert sent.count <= MOST_FROM_STRANGERS

    async def test_who_forge_a_form_are_cut_off_too(self, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url) as client:
            cookie = (await sign_in(client, HANA))["Cookie"]
        forged = format_head(f"{PAGE}?csrf=forged", f"Content-Length: {BODY}", f"Cookie: {cookie}")

        sent = await send(server, forged)

        assert sent.status == 403
        assert sent.count <= MOST_FROM_STRANGERS

    async def test_who_push_with_all_their_might_fill_one_buffer(self, portal: Portal) -> None:
        """What the event loop takes at once with the head, before anything of ours has run; the app takes nothing."""
        Counting.sizes = []
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(portal.app, lifespan="off", log_level="warning", http=Counting)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        answer = await asyncio.to_thread(push, listener.getsockname()[1])
        server.should_exit = True
        await running

        assert answer.startswith(b"HTTP/1.1 401")
        assert len(Counting.sizes) <= 3
        assert sum(Counting.sizes) <= ONE_BUFFER


class Counting(HttpToolsProtocol):
    """The server's own protocol, which notes what it was handed."""

    sizes: ClassVar[list[int]] = []

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))
        super().data_received(data)


def push(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(format_head(API, f"Content-Length: {BODY}"))
        with contextlib.suppress(OSError):
            connection.sendall(bytes(BODY))
        return connection.recv(STEP)


class TestCustomers:
    async def make_head(self, server: Server, *lines: str) -> bytes:
        async with httpx.AsyncClient(base_url=server.url) as client:
            headers = {**await sign_in(client, HANA), "Origin": server.url}
        return format_head(API, *lines, *(f"{name}: {value}" for name, value in headers.items()))

    async def test_get_their_answer_although_the_body_is_refused_unread(self, server: Server) -> None:
        too_long = await self.make_head(server, f"Content-Length: {2 * BODY}")

        sent = await send(server, too_long, total=2 * BODY, pause_s=0)

        assert sent.status == 413
        assert sent.count == 2 * BODY
        assert b'"code":"body_too_large"' in sent.answer

    async def test_are_cut_off_when_nobody_knows_how_long_it_will_be(self, server: Server) -> None:
        endless = await self.make_head(server, "Transfer-Encoding: chunked")
        chunk = b"%x\r\n" % (1 << 30)
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\xff\xd8\xff\xe0'

        sent = await send(server, endless + chunk + part, total=1 << 30, pause_s=0)

        assert sent.status == 413
        assert sent.count < BODY + 8 * 1024 * 1024

    async def test_with_a_short_body_keep_their_connection(self, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url) as client:
            answer = await client.post("/api/checkout/evaluate", json={"items": []})

        assert answer.status_code == 401
        assert "connection" not in answer.headers
