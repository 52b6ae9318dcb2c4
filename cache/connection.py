"""`Redis`: one connection per process, shared by everything that runs in its event loop."""

from collections.abc import Sequence
from typing import Any

from cache.scripts import Script


class Redis:
    """An auto-pipelining connection: commands that callers give in one loop tick leave in one write.

    It reconnects by itself. While it is away, and when the server does not answer in time, calls raise
    `CacheUnavailable`, at once in the first case. A call is never repeated by itself.
    """

    @classmethod
    def from_url(cls, url: str, *, timeout_s: float = 0.5) -> "Redis":
        """Take `redis://`, `rediss://` or `unix://`; raise `ValueError` for anything else. Connects in `open`."""
        raise NotImplementedError

    async def open(self) -> None:
        """Start to connect and wait for the first attempt; a server that is away is not an error here."""

    async def close(self) -> None:
        """Disconnect for good; calls in flight and later ones raise `CacheUnavailable`."""

    @property
    def is_connected(self) -> bool:
        raise NotImplementedError

    @property
    def generation(self) -> int:
        """The number of connections made so far: when it grows, answers and messages may have been lost."""
        raise NotImplementedError

    async def call(self, *args: bytes | str | int) -> Any:
        """Send one command and return the raw reply, bulk strings as bytes.

        Raises `CacheUnavailable` (no answer) or `CacheError` (the server refused the command).
        """

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[bytes | str | int] = ()) -> Any:
        """Run a Lua script by its digest, sending its text only to a server that does not know it yet."""

    async def replication_id(self) -> str:
        """The id of the data set's history; another id means that a failover or a restart may have lost writes."""
        raise NotImplementedError
