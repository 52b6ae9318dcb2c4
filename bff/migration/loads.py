"""What a backfill reads ahead: documents of accounts, as many together as fit into memory."""

import asyncio
from collections.abc import Sequence

import msgspec

from bff.deliveries import Delivery
from bff.legacy import LegacyRow
from sf_sync.objects.account import AccountFacts

LOAD_DOCUMENTS, LOAD_BYTES = 16, 4 * 1024 * 1024
"""What is read at once; a larger document comes alone."""


class Unit(msgspec.Struct, frozen=True):
    """The documents of one account, in the order in which they were submitted."""

    deliveries: list[Delivery]
    account: AccountFacts | None
    size: int


class Room:
    """For bytes in memory. Who asks for more than there ever is gets it when nobody else has any."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._left = asyncio.Event()

    async def take(self, size: int) -> None:
        while self._taken and self._taken + size > self._size:
            self._left.clear()
            await self._left.wait()
        self._taken += size

    def give_back(self, size: int) -> None:
        self._taken -= size
        self._left.set()


Load = list[Unit]
Content = dict[str, tuple[LegacyRow, bytes]]


def cut_loads(units: Sequence[Unit]) -> list[Load]:
    """As many units together as fit what a sender reads at once; an account's documents stay together."""
    loads: list[Load] = []
    room, size = 0, 0
    for unit in units:
        if not loads or room + len(unit.deliveries) > LOAD_DOCUMENTS or size + unit.size > LOAD_BYTES:
            loads.append([])
            room, size = 0, 0
        loads[-1].append(unit)
        room, size = room + len(unit.deliveries), size + unit.size
    return loads
