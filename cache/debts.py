"""Invalidations that could not be delivered, and are owed until Redis is back."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from cache.errors import CacheError

_RETRY_S = 0.25


class Debts:
    """Keys whose cached values this process knows to be old but could not remove.

    Bounded by the writes that the source takes during an outage. Lost with the process: then the source's own
    change events, which come for every write, do the same.
    """

    def __init__(self, forget: Callable[[Sequence[str]], Awaitable[None]]) -> None:
        self._forget = forget
        self._owed: dict[str, int] = {}
        self._serial = 0
        self._payer: asyncio.Task[None] | None = None

    def __contains__(self, key: str) -> bool:
        return key in self._owed

    def add(self, key: str) -> None:
        self._serial += 1
        self._owed[key] = self._serial
        if self._payer is None:
            self._payer = asyncio.create_task(self._pay_until_free())

    async def _pay_until_free(self) -> None:
        while self._owed:
            with contextlib.suppress(CacheError):
                await self._pay()
            if self._owed:
                await asyncio.sleep(_RETRY_S)
        self._payer = None

    async def _pay(self) -> None:
        due = dict(self._owed)
        await self._forget(list(due))
        for key, serial in due.items():
            # A debt made anew while this one was being paid stands.
            if self._owed.get(key) == serial:
                del self._owed[key]
