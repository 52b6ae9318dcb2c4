"""The second guard of every route: is this a body that the route takes, and a query that can be meant one way only."""

from typing import Any
from urllib.parse import parse_qsl

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from bff.errors import InvalidRequest, UnsupportedMediaType
from bff.identity.csrf import SAFE_METHODS

JSON = "application/json"


def requires_expected_content(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """A body must be JSON, or the one type that the handler names by `opt={"accepts": "…"}`.

    The framework would decode JSON under any content type, and `text/plain` is what a foreign page can send without
    asking first.
    """
    if connection.scope["query_string"] or b"%00" in connection.scope["raw_path"]:
        refuse_ambiguous_query(connection.scope["query_string"], connection.scope["raw_path"])
    if connection.scope.get("method") in SAFE_METHODS:
        return
    headers = dict(connection.scope["headers"])
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    sent_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower().decode("latin-1")
    if has_body and sent_type != handler.opt.get("accepts", JSON):
        raise UnsupportedMediaType


def refuse_ambiguous_query(query: bytes, path: bytes) -> None:
    """The framework takes the last of two equal names; NUL is legal in an address and impossible in PostgreSQL."""
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if len(set(names)) != len(names):
        raise InvalidRequest("The address names a parameter twice.")
    if b"%00" in query or b"%00" in path:
        raise InvalidRequest("The address has characters that are not accepted.")
