"""Is this a body that the route takes, and an address that can be meant one way only."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from litestar.types import Scope

from bff.errors import InvalidRequest, UnsupportedMediaType

JSON = "application/json"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
BODILESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_expected_content(scope: Scope, options: Mapping[str, Any]) -> None:
    """A body must be JSON, or the one type that the handler names by `opt={"accepts": "…"}`.

    The framework would decode JSON under any content type, and `text/plain` is what a foreign page can send without
    asking first.

    Raises:
        UnsupportedMediaType, InvalidRequest.
    """
    if scope["query_string"]:
        refuse_ambiguous_query(scope["query_string"])
    if b"%00" in scope["raw_path"]:
        raise InvalidRequest("The address has characters that are not accepted.")
    if scope.get("method") in BODILESS_METHODS:
        return
    headers = dict(scope["headers"])
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    sent_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower().decode("latin-1")
    if has_body and sent_type != options.get("accepts", JSON):
        raise UnsupportedMediaType


def refuse_ambiguous_query(query: bytes) -> None:
    """The framework takes the last of two equal names; NUL is legal in an address and impossible in PostgreSQL."""
    # As text: of bytes the parser gives ASCII back, and fails for every other letter.
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    if len(set(names)) != len(names):
        raise InvalidRequest("The address names a parameter twice.")
    if b"%00" in query:
        raise InvalidRequest("The address has characters that are not accepted.")
