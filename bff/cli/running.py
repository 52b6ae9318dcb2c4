"""Running one asynchronous process until a signal asks it to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import uvloop

from bff.stopping import end_in_time


def run_until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """`work` gets an event that SIGTERM or SIGINT sets, and should end soon after that."""
    uvloop.run(_run(work))


async def _run(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        end_in_time()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    await work(stop)
