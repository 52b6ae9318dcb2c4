"""Reads that are asked so often that the framework's own path would be most of their cost.

A direct read is a second way to an ordinary route: same authentication, same answers, same errors, without routing,
injection and serialisation. The ordinary handler stays, for the contract and for every other form of its address; a
test holds both to equal answers. May import `bff.identity` and `bff.problems`, and no feature.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from litestar.types import HTTPScope

from bff.identity.authentication import Authentication
from bff.identity.caller import Caller
from bff.problems import PROBLEM_JSON, encode_problem, make_headers, translate

Read = Callable[[Caller], Awaitable[bytes]]
"""The finished JSON for this caller. Whoever may not read raises, as a guard would."""

_TYPE = (b"content-type", b"application/json")
_PROBLEM_TYPE = (b"content-type", PROBLEM_JSON.encode())


class DirectAnswer(NamedTuple):
    """An answer but for the headers that every answer has."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class DirectReads:
    """By exact path; for GET without a query."""

    def __init__(self, reads: Mapping[str, Read], authentication: Authentication) -> None:
        self._reads = reads
        self._authentication = authentication

    def find(self, scope: HTTPScope) -> Read | None:
        if scope["method"] != "GET" or scope["query_string"]:
            return None
        return self._reads.get(scope["path"])

    async def answer(self, read: Read, scope: HTTPScope) -> DirectAnswer:
        """Whatever happens: a refusal is an answer too."""
        scope["path_template"] = scope["path"]
        try:
            scope["user"] = caller = await self._authentication.identify(scope)
            return DirectAnswer(200, [_TYPE], await read(caller))
        except Exception as error:
            refusal = translate(error)
            headers = [_PROBLEM_TYPE]
            for name, value in make_headers(refusal).items():
                headers.append((name.lower().encode(), value.encode()))
            return DirectAnswer(refusal.status, headers, encode_problem(refusal))
