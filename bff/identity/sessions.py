"""Browser sessions: an opaque token in a cookie, everything else in Redis under the token's hash.

The token never leaves the cookie: Redis, logs and audit know its SHA-256 only, so none of them can sign anybody in.
"""

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec
from litestar.datastructures import Cookie

from bff.identity.caller import Caller, CallerKind
from bff.identity.principals import Principals
from bff.settings import IdentitySettings
from cache.connection import Redis

COOKIE = "__Host-session"
REMEMBERED = 10_000
TOUCH_AFTER_S = 60.0
TOUCH_UNLINKED_AFTER_S = 5.0
"""A customer without a Salesforce Account gets one behind the scenes and should not wait a minute to see it."""

_COOKIE = re.compile(rb"(?:^|; *)__Host-session=([A-Za-z0-9_-]{43})(?:;|$)")


class Session(msgspec.Struct, frozen=True, array_like=True):
    """`started_at` and `touched_at` are seconds since 1970; `caller.session_key` is the Redis key's tail."""

    caller: Caller
    started_at: float
    touched_at: float


class StartedFind(NamedTuple):
    session_key: str
    reply: asyncio.Future[Any]


class NewSession(msgspec.Struct, frozen=True):
    token: str
    caller: Caller


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Session)


class Sessions:
    """Reading one costs a single GET. Every method raises CacheUnavailable while Redis is away."""

    def __init__(
        self,
        redis: Redis,
        principals: Principals,
        settings: IdentitySettings,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._principals = principals
        self._settings = settings
        self._now = now
        self._known: dict[str, tuple[bytes, Session]] = {}

    async def start(self, caller: Caller) -> NewSession:
        """Always under a new token, so that one planted before sign-in is worth nothing after it."""
        token = secrets.token_urlsafe(32)
        signed_in = msgspec.structs.replace(caller, session_key=hash_token(token.encode()))
        now = self._now()
        await self._store(Session(signed_in, now, now), only_if_present=False)
        return NewSession(token, signed_in)

    async def find(self, token: bytes) -> Caller | None:
        """The caller of a live session; notes at most once a minute that it is in use."""
        return await self.finish_find(self.start_find(hash_token(token)))

    def start_find(self, session_key: str) -> StartedFind:
        """Begin to find, in one round trip with whatever else is begun now; end it by `finish_find`."""
        return StartedFind(session_key, self._redis.start("GET", f"session:{session_key}"))

    def guess(self, session_key: str) -> Caller | None:
        """Whose session it was when last seen here. Good for asking early, never for telling anything."""
        known = self._known.get(session_key)
        return known[1].caller if known else None

    async def finish_find(self, started: StartedFind) -> Caller | None:
        stored = await started.reply
        if stored is None:
            self._known.pop(started.session_key, None)
            return None
        session = self._decode(started.session_key, stored)
        now = self._now()
        if now - session.started_at >= self._settings.session_absolute_s:
            return None
        caller = session.caller
        is_unlinked = caller.account_id is None and caller.kind is CallerKind.CUSTOMER
        if now - session.touched_at < (TOUCH_UNLINKED_AFTER_S if is_unlinked else TOUCH_AFTER_S):
            return caller
        return await self._touch(session, now)

    async def is_live(self, session_key: str) -> bool:
        """Without counting as use, so that a page left open does not keep its session for ever."""
        return bool(await self._redis.call("EXISTS", f"session:{session_key}"))

    def _decode(self, session_key: str, stored: bytes) -> Session:
        """Equal bytes are the equal session, and not decoded again."""
        known = self._known.get(session_key)
        if known is not None and known[0] == stored:
            return known[1]
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        session = _decoder.decode(stored)
        self._known[session_key] = stored, session
        return session

    async def end(self, token: bytes) -> None:
        await self._redis.call("UNLINK", f"session:{hash_token(token)}")

    async def _touch(self, session: Session, now: float) -> Caller | None:
        """Once a minute the caller is read again: a new role or account shows, a removed person is signed out."""
        caller = await self._principals.reload(session.caller)
        if caller is None:
            await self._redis.call("UNLINK", f"session:{session.caller.session_key}")
            return None
        # XX: a sign-out between the read and this write must stay a sign-out.
        await self._store(Session(caller, session.started_at, now), only_if_present=True)
        return caller

    async def _store(self, session: Session, *, only_if_present: bool) -> None:
        left_s = session.started_at + self._settings.session_absolute_s - session.touched_at
        ttl_ms = int(min(self._settings.session_idle_s, left_s) * 1000)
        condition = ("XX",) if only_if_present else ()
        key = f"session:{session.caller.session_key}"
        await self._redis.call("SET", key, _encoder.encode(session), "PX", max(ttl_ms, 1), *condition)


def hash_token(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()


def find_token(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The session token of a request; anything that is not shaped like one of ours counts as none."""
    for name, value in headers:
        if name == b"cookie" and (found := _COOKIE.search(value)):
            return found[1]
    return None


def find_lone_token(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """As `find_token`, and none when there is an Authorization header, which goes first."""
    token = None
    for name, value in headers:
        if name == b"cookie":
            if found := _COOKIE.search(value):
                token = found[1]
        elif name == b"authorization":
            return None
    return token


def make_cookie(token: str, max_age_s: int) -> Cookie:
    """Lax, not Strict: a link in an e-mail to a status page must open signed in, and Strict would withhold the
    cookie from that first request. Unsafe requests have a defence of their own (`bff.identity.csrf`).
    """
    return Cookie(
        key=COOKIE, value=token, path="/", max_age=max_age_s, secure=True, httponly=True, samesite="lax"
    )


def make_expired_cookie() -> Cookie:
    """Takes the cookie away; the attributes must be those with which it was set."""
    return Cookie(key=COOKIE, value="", path="/", max_age=0, secure=True, httponly=True, samesite="lax")
