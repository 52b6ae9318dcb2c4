"""Cross-site request forgery: unsafe requests of a session must come from our own origin and carry its token.

Both are needed. The origin keeps other sites out; the token, bound to one session, also keeps out a sibling host
that can plant cookies or pass for us. The body is never read: it may be large, and it may be a document.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs

from litestar.types import Scope

from bff.errors import CsrfFailed

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = b"x-csrf-token"
QUERY_PARAMETER = "csrf"


class Csrf:
    """In development a page may also be reached by another name of this machine than the public one."""

    def __init__(self, secret_key: str, public_origin: str, *, is_development: bool) -> None:
        self._key = hashlib.sha256(b"csrf:" + secret_key.encode()).digest()
        self._public_origin = public_origin.encode()
        self._is_development = is_development

    def make_token(self, session_key: str) -> str:
        digest = hmac.digest(self._key, session_key.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def find_token(self, session_key: str | None) -> str:
        """For the forms of a page; empty for callers without a session, whom nobody can forge."""
        return self.make_token(session_key) if session_key else ""

    def check(self, scope: Scope, session_key: str, *, allow_query: bool = False) -> None:
        """`allow_query`: the form of a page may carry the token in its address, as it can't send headers.

        Raises:
            CsrfFailed: from elsewhere, without a token or with another session's.
        """
        self.check_origin(scope)
        headers = dict(scope["headers"])
        token = headers.get(HEADER, b"")
        if not token and allow_query:
            token = parse_qs(scope["query_string"]).get(QUERY_PARAMETER.encode(), [b""])[0]
        if not hmac.compare_digest(token, self.make_token(session_key).encode()):
            raise CsrfFailed

    def check_origin(self, scope: Scope) -> None:
        """For sign-in too, where there is no session yet: nobody may sign a visitor in from another site.

        Raises:
            CsrfFailed: not from our own origin, or no sign of any.
        """
        headers = dict(scope["headers"])
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if site is None and origin is None:
            raise CsrfFailed
        if site is not None and site != b"same-origin":
            raise CsrfFailed
        if origin is not None and not self._is_ours(origin, headers.get(b"host", b"")):
            raise CsrfFailed

    def _is_ours(self, origin: bytes, host: bytes) -> bool:
        if origin == self._public_origin:
            return True
        return self._is_development and origin == b"http://" + host
