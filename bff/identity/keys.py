"""An issuer's public keys, from a file or an address, fetched seldom however many odd tokens arrive."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import jwt
import msgspec
import structlog

from bff.errors import ServiceUnavailable

REFRESH_AFTER_S = 240.0
"""A key that an issuer withdrew is dead for us after at most this, and the life of a cached verdict."""
RETRY_AFTER_S = 30.0
"""An unknown key id may be a new key, or an attacker's invention: ask at most this often."""
LARGEST = 256 * 1024

log = structlog.get_logger(__name__)

Read = Callable[[], Awaitable[bytes]]


class _KeyDocument(msgspec.Struct):
    keys: list[dict[str, object]]


class KeySet:
    """The keys of one issuer that fit its one algorithm."""

    def __init__(self, read: Read, algorithm: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._algorithm = algorithm
        self._now = now
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._loaded_at: float | None = None
        self._tried_at: float | None = None
        self._reading = asyncio.Lock()

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """Without an id, the only key there is.

        Raises:
            ServiceUnavailable: the keys could never be read.
        """
        if self._is_due(REFRESH_AFTER_S, self._loaded_at) or self._choose(key_id) is None:
            await self._refresh()
        if self._loaded_at is None:
            raise ServiceUnavailable(retry_after_s=int(RETRY_AFTER_S))
        return self._choose(key_id)

    def _choose(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_due(self, after_s: float, since: float | None) -> bool:
        return since is None or self._now() - since >= after_s

    async def _refresh(self) -> None:
        async with self._reading:
            if not self._is_due(RETRY_AFTER_S, self._tried_at):
                return
            self._tried_at = self._now()
            try:
                self._keys = parse_keys(await self._read(), self._algorithm)
                self._loaded_at = self._tried_at
            except (OSError, httpx.HTTPError, msgspec.MsgspecError, jwt.PyJWTError) as error:
                # The keys known so far stay good: an issuer's outage must not sign everybody out.
                log.warning("issuer_keys_unreadable", error=type(error).__name__)


def parse_keys(document: bytes, algorithm: str) -> dict[str | None, jwt.PyJWK]:
    """By key id; keys for encryption, of another type or with another algorithm are left out."""
    found: dict[str | None, jwt.PyJWK] = {}
    for entry in msgspec.json.decode(document, type=_KeyDocument).keys:
        if entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
            continue
        try:
            key = jwt.PyJWK(dict(entry), algorithm)
        except jwt.PyJWTError:
            continue
        found[key.key_id] = key
    return found


def make_file_reader(path: Path) -> Read:
    async def read() -> bytes:
        return await asyncio.to_thread(path.read_bytes)

    return read


def make_url_reader(url: str) -> Read:
    async def read() -> bytes:
        async with (
            httpx.AsyncClient(timeout=2.0, follow_redirects=False) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            document = b""
            async for chunk in response.aiter_bytes():
                document += chunk
                if len(document) > LARGEST:
                    raise httpx.HTTPError("the key document is too large")
            return document

    return read
