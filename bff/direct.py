"""Reads that are asked so often that the framework's own path would be most of their cost.

A direct read is a second way to an ordinary route: same authentication, same answers, same errors, without routing,
injection and serialisation. The ordinary handler stays, for the contract and for every other form of its address; a
test holds both to equal answers. May import `bff.identity` and `bff.problems`, and no feature.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from litestar.types import HTTPScope

from bff.errors import Unauthenticated
from bff.identity.authentication import Authentication
from bff.identity.caller import Caller
from bff.identity.language import find_texts_of, in_chosen_language
from bff.identity.sessions import Sessions, find_lone_token, hash_token
from bff.problems import PROBLEM_JSON, encode_problem, make_headers, translate

_TYPE = (b"content-type", b"application/json")
_PROBLEM_TYPE = (b"content-type", PROBLEM_JSON.encode())


class DirectRead(ABC):
    """One route's read. Whoever may not read is refused by `finish`, as by a guard."""

    @abstractmethod
    def start(self, caller: Caller) -> Any:
        """Ask for what will be needed and wait for nothing. The caller is only a guess, so nothing may change by it."""

    @abstractmethod
    async def finish(self, caller: Caller, started: Any) -> bytes:
        """The finished JSON for this caller, who is known by now; `started` is of the same caller."""


class DirectAnswer(NamedTuple):
    """An answer but for the headers that every answer has."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class DirectReads:
    """By exact path; for GET without a query."""

    def __init__(
        self, reads: Mapping[str, DirectRead], authentication: Authentication, sessions: Sessions
    ) -> None:
        self._reads = reads
        self._authentication = authentication
        self._sessions = sessions

    def find(self, scope: HTTPScope) -> DirectRead | None:
        if scope["method"] != "GET" or scope["query_string"]:
            return None
        return self._reads.get(scope["path"])

    async def answer(self, read: DirectRead, scope: HTTPScope) -> DirectAnswer:
        """Whatever happens: a refusal is an answer too."""
        scope["path_template"] = scope["path"]
        try:
            return DirectAnswer(200, [_TYPE], await self._read(read, scope))
        except Exception as error:
            refusal = translate(error)
            refusal.speak(find_texts_of(scope))
            headers = [_PROBLEM_TYPE]
            for name, value in make_headers(refusal).items():
                headers.append((name.lower().encode(), value.encode()))
            return DirectAnswer(refusal.status, headers, encode_problem(refusal))

    async def _read(self, read: DirectRead, scope: HTTPScope) -> bytes:
        token = find_lone_token(scope["headers"])
        if token is None:
            scope["user"] = caller = await self._authentication.identify(scope)
            return await read.finish(caller, read.start(caller))
        session_key = hash_token(token)
        guess = self._sessions.guess(session_key)
        # Who this session belonged to last time is who it belongs to now, nearly always: so their data are asked for
        # together with the session, in one round trip. Only the session's answer decides what is done with them.
        finding = self._sessions.start_find(session_key)
        started = read.start(guess) if guess else None
        found = await self._sessions.finish_find(finding)
        if found is None:
            raise Unauthenticated
        scope["user"] = caller = in_chosen_language(found, scope["headers"])
        return await read.finish(caller, started if found is guess else read.start(caller))
