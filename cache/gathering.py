"""Hearing of every topic of a kind, for whoever acts on changes rather than shows them."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

MOST_TOPICS = 10_000


class Gathered(msgspec.Struct, frozen=True):
    """What was said since the last one. `everything`: more than is kept, or something may have been missed."""

    topics: frozenset[str]
    everything: bool


class Gathering:
    """An endless iterator that ends when the broadcast is closed. What is said while nobody asks comes together."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._topics: set[str] = set()
        self._missed = False
        self._is_closed = False
        self._news = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[Gathered]:
        return self

    async def __anext__(self) -> Gathered:
        await self._news.wait()
        if not self._topics and not self._missed:
            raise StopAsyncIteration
        gathered = Gathered(frozenset(self._topics), self._missed)
        self._topics, self._missed = set(), False
        if not self._is_closed:
            self._news.clear()
        return gathered

    def tell(self, topic: str) -> None:
        if not topic.startswith(self.prefix):
            return
        self._topics.add(topic)
        if len(self._topics) > MOST_TOPICS:
            self.miss()
        self._news.set()

    def miss(self) -> None:
        """Anything may have been said unheard."""
        self._topics, self._missed = set(), True
        self._news.set()

    def close(self) -> None:
        self._is_closed = True
        self._news.set()
