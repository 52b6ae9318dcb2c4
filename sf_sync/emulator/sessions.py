"""Access tokens that the emulator has given out. They live in memory: a restart expires them all."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

_TOKEN_BYTES = 72
"""Gives 96 characters of base64, the usual length after the `!`."""


class Session(msgspec.Struct, kw_only=True):
    """Who a token speaks for. It slides: each use moves `expires_at`."""

    token: str
    user_id: str
    client_id: str
    expires_at: datetime


class Sessions:
    """Issue, look up and revoke tokens."""

    def __init__(self, *, now: Callable[[], datetime], lifetime_s: float) -> None:
        self._now = now
        self._lifetime = timedelta(seconds=lifetime_s)
        self._sessions: dict[str, Session] = {}

    def issue(self, *, org_id: str, user_id: str, client_id: str) -> Session:
        token = f"{org_id[:15]}!{secrets.token_urlsafe(_TOKEN_BYTES).replace('-', '.')}"
        session = Session(
            token=token, user_id=user_id, client_id=client_id, expires_at=self._now() + self._lifetime
        )
        self._sessions[token] = session
        return session

    def find(self, token: str) -> Session | None:
        """The session of a live token; using it keeps it alive."""
        session = self._sessions.get(token)
        if session is None:
            return None
        now = self._now()
        if session.expires_at <= now:
            del self._sessions[token]
            return None
        session.expires_at = now + self._lifetime
        return session

    def revoke(self, token: str) -> bool:
        return self._sessions.pop(token, None) is not None

    def revoke_all(self) -> int:
        """Expire every token of now, as an administrator may. New ones can be had. Returns how many there
        were."""
        count = len(self._sessions)
        self._sessions.clear()
        return count
