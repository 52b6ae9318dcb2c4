"""Real sockets that misbehave: what certainly never arrived is told from what may have."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sf_sync.client.breaker import Breaker, BreakerState
from sf_sync.client.transport import FAIR_TIMEOUT_S, Outgoing, Transport
from sf_sync.errors import OutcomeUnknown, SalesforceError, SalesforceUnavailable
from sf_sync.settings import SalesforceSettings, Secret

pytestmark = pytest.mark.asyncio

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def open_server(behave: Behaviour) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await behave(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def send(url: str, *, idempotent: bool, timeout_s: float = 0.3, breaker: Breaker | None = None) -> None:
    settings = SalesforceSettings(url=url, login_url=url, client_id="x", client_secret=Secret("y"))
    transport = Transport(settings, breaker=breaker or Breaker())
    transport.open()
    try:
        outgoing = Outgoing(
            method="POST", url=f"{url}/x", headers={}, content=b"{}" * 4_000, idempotent=idempotent
        )
        await transport.send(outgoing, timeout_s=timeout_s)
    finally:
        await transport.close()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def cut_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def cut_after_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def cut_inside_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    writer.close()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x00\x01 this is not http\r\n\r\n")
    await writer.drain()


async def send_broken_gzip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
    await writer.drain()


MISBEHAVIOUR = [
    hang,
    cut_at_once,
    cut_after_reading,
    cut_inside_the_body,
    trickle,
    talk_nonsense,
    send_broken_gzip,
]


class TestLostAnswer:
    @pytest.mark.parametrize("behave", MISBEHAVIOUR)
    async def test_leaves_a_write_unknown(self, behave: Behaviour) -> None:
        async with open_server(behave) as url:
            with pytest.raises(OutcomeUnknown):
                await send(url, idempotent=False)

    @pytest.mark.parametrize("behave", MISBEHAVIOUR)
    async def test_is_an_outage_for_a_read(self, behave: Behaviour) -> None:
        async with open_server(behave) as url:
            with pytest.raises(SalesforceUnavailable):
                await send(url, idempotent=True)

    @pytest.mark.parametrize("behave", MISBEHAVIOUR)
    async def test_ends_in_time(self, behave: Behaviour) -> None:
        async with open_server(behave) as url:
            began = asyncio.get_running_loop().time()
            with contextlib.suppress(SalesforceError):
                await send(url, idempotent=True, timeout_s=0.3)

            assert asyncio.get_running_loop().time() - began < 1.0


class TestCallThatWasNeverSent:
    async def test_had_no_effect_when_nobody_listens(self) -> None:
        async with open_server(hang) as url:
            pass

        with pytest.raises(SalesforceUnavailable):
            await send(url, idempotent=False)

    async def test_had_no_effect_without_time_left(self) -> None:
        with pytest.raises(SalesforceUnavailable):
            await send("http://127.0.0.1:9", idempotent=False, timeout_s=0.0)

    async def test_had_no_effect_when_the_connection_hangs(self) -> None:
        # A full backlog: the kernel takes no more connections, so connecting never ends.
        with (
            socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
            contextlib.ExitStack() as occupied,
        ):
            address = listener.getsockname()
            for _ in range(4):
                occupant = occupied.enter_context(socket.socket())
                occupant.setblocking(False)
                occupant.connect_ex(address)

            began = asyncio.get_running_loop().time()
            with pytest.raises(SalesforceUnavailable):
                await send(f"http://{address[0]}:{address[1]}", idempotent=False, timeout_s=0.2)

            assert asyncio.get_running_loop().time() - began < 1.0


class TestHealth:
    async def test_suffers_from_calls_that_had_fair_time_only(self) -> None:
        breaker = Breaker()
        async with open_server(hang) as url:
            for _ in range(5):
                with pytest.raises(SalesforceUnavailable):
                    await send(url, idempotent=True, timeout_s=0.02, breaker=breaker)
            assert breaker.state is BreakerState.CLOSED

            for _ in range(3):
                with pytest.raises(SalesforceUnavailable):
                    await send(url, idempotent=True, timeout_s=FAIR_TIMEOUT_S, breaker=breaker)

        assert breaker.state is BreakerState.OPEN
