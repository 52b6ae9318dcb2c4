"""One HTTP request as it was read, before anything decides what it means."""

import time

from sf_sync.emulator.asgi import Scope
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.http import read_headers
from sf_sync.emulator.rest.messages import parse_client

_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


class HttpCall:
    """What has been read of one HTTP request, and what the journal will say of it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        self.path = raw.decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = read_headers(scope)
        self.client = parse_client(self.headers.get("sforce-call-options", ""))
        self.body = b""
        self.started = time.perf_counter()
        self.counted = False

    @property
    def base_url(self) -> str:
        return f"{self.scope['scheme']}://{self.headers.get('host', 'localhost')}"

    @property
    def token(self) -> str | None:
        """The bearer token; None when there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in ("bearer", "oauth") else None

    @property
    def size(self) -> int:
        return (
            len(self.path)
            + len(self.query)
            + sum(len(name) + len(value) for name, value in self.headers.items())
        )


def check_media_types(call: HttpCall) -> None:
    """Raises SalesforceRefusal unless the call brings JSON and takes JSON."""
    accept = call.headers.get("accept", "*/*").lower()
    if not any(kind in accept for kind in ("json", "*/*", "application/*")):
        raise SalesforceRefusal("NOT_ACCEPTABLE", "Only application/json is answered", status=406)
    if call.method not in _WITH_BODY or not call.body:
        return
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        message = f"Content-Type header specified in HTTP request is not supported: {kind or 'none'}"
        raise SalesforceRefusal("UNSUPPORTED_MEDIA_TYPE", message, status=415)
