"""Short notices from any process to listeners in all of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal

import msgspec

from cache.connection import Redis


class Notice(msgspec.Struct, frozen=True):
    """`changed`: something happened on the topic. `resync`: something may have happened unheard; look again."""

    kind: Literal["changed", "resync"]


class Listener:
    def __aiter__(self) -> AsyncIterator[Notice]:
        return self

    async def __anext__(self) -> Notice:
        raise NotImplementedError


class Broadcast:
    def __init__(self, redis: Redis, url: str, *, channel: str) -> None:
        """Publishes over `redis`; hears over a connection of its own to `url`."""

    async def open(self) -> None:
        """Subscribe; keeps trying in the background while Redis is away."""

    async def close(self) -> None:
        """Stop hearing; every listener ends."""

    async def publish(self, topics: Sequence[str]) -> None:
        """Tell every process's listeners of these topics. Raises `CacheUnavailable`."""

    def listen(self, topic: str) -> AbstractAsyncContextManager[Listener]:
        """Hear of a topic from now on: read the state after entering, then again at each notice."""
        raise NotImplementedError
