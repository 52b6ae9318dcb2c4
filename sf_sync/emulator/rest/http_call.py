"""One HTTP request as it was read, before anything decides what it means."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from sf_sync.emulator.asgi import Scope
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.files import is_content
from sf_sync.emulator.rest.http import read_headers
from sf_sync.emulator.rest.messages import parse_client
from sf_sync.emulator.rest.multipart import parse_multipart, takes_multipart

MULTIPART = "multipart/form-data"
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
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def read_multipart(self) -> Any:
        """The fields of a multipart body; UNSET for a body of JSON. Raises SalesforceRefusal."""
        if self.media_type != MULTIPART or not self.body:
            return msgspec.UNSET
        return parse_multipart(self.headers["content-type"], self.body)

    @property
    def size(self) -> int:
        return (
            len(self.path)
            + len(self.query)
            + sum(len(name) + len(value) for name, value in self.headers.items())
        )


def check_media_types(call: HttpCall, segments: Sequence[str]) -> None:
    """Raises SalesforceRefusal unless the call brings and takes JSON, or bytes where `segments` (what follows the
    version in the path) name a file."""
    accept = call.headers.get("accept", "*/*").lower()
    if not is_content(segments) and not any(kind in accept for kind in ("json", "*/*", "application/*")):
        raise SalesforceRefusal("NOT_ACCEPTABLE", "Only application/json is answered", status=406)
    if call.method not in _WITH_BODY or not call.body:
        return
    kind = call.media_type
    if kind != "application/json" and not (kind == MULTIPART and takes_multipart(call.method, segments)):
        message = f"Content-Type header specified in HTTP request is not supported: {kind or 'none'}"
        raise SalesforceRefusal("UNSUPPORTED_MEDIA_TYPE", message, status=415)
