"""Ending in time: endless answers are told before the server waits for them, and no end takes for ever."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

END_WITHIN_S = 15
"""Longer than requests and jobs get to finish. An orderly end asks engines that may be gone themselves."""


def end_in_time(within_s: int = END_WITHIN_S) -> None:
    """Once a signal has asked for the end: the kernel ends this process if it has not done so by then."""
    signal.alarm(within_s)


class Stopping:
    """A server waits for open requests before it shuts down its app, and a status stream never ends by itself: so the
    signal is heard here first. Streams wait on `event` beside what they stream.
    """

    def __init__(self) -> None:
        self.event = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Wraps the handlers that the server has set; does nothing outside the main thread, where there are none."""
        loop = asyncio.get_running_loop()
        earlier = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def stop(number: int, frame: FrameType | None) -> None:
            end_in_time()
            loop.call_soon_threadsafe(self.event.set)
            handler = earlier[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)

        try:
            for number, handler in earlier.items():
                if callable(handler):
                    signal.signal(number, stop)
        except ValueError:
            earlier = {}
        try:
            yield
        finally:
            self.event.set()
            for number, handler in earlier.items():
                signal.signal(number, handler)
