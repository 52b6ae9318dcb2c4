"""Reads that are asked so often that the framework's own path would be most of their cost.

A direct read is a second way to an ordinary route: same authentication, same answers, same errors, without routing,
injection and serialisation. The ordinary handler stays, for the contract and for every other form of its address; a
test holds both to equal answers. May import `bff.identity` and `bff.problems`, and no feature.
"""

from collections.abc import Awaitable, Callable, Mapping

from litestar.types import HTTPScope, Send

from bff.identity.authentication import Authentication
from bff.identity.caller import Caller
from bff.problems import PROBLEM_JSON, encode_problem, make_headers, translate

Read = Callable[[Caller], Awaitable[bytes]]
"""The finished JSON for this caller. Whoever may not read raises, as a guard would."""

_TYPE = (b"content-type", b"application/json")


class DirectReads:
    """By exact path; for GET without a query."""

    def __init__(self, reads: Mapping[str, Read], authentication: Authentication) -> None:
        self._reads = reads
        self._authentication = authentication

    def find(self, scope: HTTPScope) -> Read | None:
        if scope["method"] != "GET" or scope["query_string"]:
            return None
        return self._reads.get(scope["path"])

    async def answer(self, read: Read, scope: HTTPScope, send: Send) -> None:
        scope["path_template"] = scope["path"]
        try:
            scope["user"] = caller = await self._authentication.identify(scope)
            status, headers, body = 200, [_TYPE], await read(caller)
        except Exception as error:
            refusal = translate(error)
            status, body = refusal.status, encode_problem(refusal)
            headers = [(b"content-type", PROBLEM_JSON.encode())]
            headers += [(name.lower().encode(), value.encode()) for name, value in make_headers(refusal).items()]
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
