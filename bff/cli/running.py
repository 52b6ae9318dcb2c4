"""Running one asynchronous process until a signal asks it to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import uvloop


def run_until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """`work` gets an event that SIGTERM or SIGINT sets, and should end soon after that."""
    uvloop.run(_run(work))


async def _run(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(stop)
