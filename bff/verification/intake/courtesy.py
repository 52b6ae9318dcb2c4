"""Uploads give way: between two of their slices everybody else who waits for the event loop has a turn."""

import asyncio


class Courtesy:
    """One per process, for whoever has much to do on the event loop.

    Fifty uploads whose bytes arrive at once would otherwise be fifty slices of work before a status read is answered;
    so they queue here, and one slice is worked on in each round of the loop.
    """

    def __init__(self) -> None:
        self._queue = asyncio.Lock()

    async def give_way(self) -> None:
        """Call it before each slice; a slice should take less than a millisecond."""
        async with self._queue:
            await asyncio.sleep(0)
