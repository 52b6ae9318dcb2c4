from itertools import product
from typing import Any, cast

import pytest
from litestar.types import Scope

from bff.errors import CsrfFailed
from bff.identity.csrf import Csrf

OURS = "https://portal.example"
CSRF = Csrf("k" * 40, OURS, is_development=False)
TOKEN = CSRF.make_token("session-1")

ORIGINS = (None, OURS, "https://evil.example", "https://shop.portal.example", "null", "http://portal.example")
SITES = (None, "same-origin", "same-site", "cross-site")
PASSES = {(None, "same-origin"), (OURS, None), (OURS, "same-origin")}


def make_scope(*, query: bytes = b"", **headers: str | None) -> Scope:
    given = [
        (name.replace("_", "-").encode(), text.encode()) for name, text in headers.items() if text is not None
    ]
    return cast(Any, {"type": "http", "method": "POST", "query_string": query, "headers": given})


class TestOrigin:
    @pytest.mark.parametrize(("origin", "site"), list(product(ORIGINS, SITES)))
    def test_lets_only_our_own_pages_through(self, origin: str | None, site: str | None) -> None:
        """24 combinations: a browser that says where it comes from must say "from here", and one must say something."""
        scope = make_scope(origin=origin, sec_fetch_site=site, x_csrf_token=TOKEN)

        if (origin, site) in PASSES:
            CSRF.check(scope, "session-1")
        else:
            with pytest.raises(CsrfFailed):
                CSRF.check(scope, "session-1")

    def test_takes_another_name_of_this_machine_in_development_only(self) -> None:
        local = make_scope(origin="http://127.0.0.1:9000", host="127.0.0.1:9000", x_csrf_token=TOKEN)

        Csrf("k" * 40, OURS, is_development=True).check(local, "session-1")
        with pytest.raises(CsrfFailed):
            CSRF.check(local, "session-1")


class TestToken:
    @pytest.mark.parametrize(
        "token", [None, "", "x", TOKEN[:-1], TOKEN + "A", CSRF.make_token("session-2"), "é"]
    )
    def test_refuses_none_and_another_sessions(self, token: str | None) -> None:
        with pytest.raises(CsrfFailed):
            CSRF.check(make_scope(origin=OURS, x_csrf_token=token), "session-1")

    def test_is_another_one_under_another_key(self) -> None:
        assert Csrf("j" * 40, OURS, is_development=False).make_token("session-1") != TOKEN

    def test_may_stand_in_the_address_of_a_form_only(self) -> None:
        scope = make_scope(origin=OURS, query=f"csrf={TOKEN}".encode())

        CSRF.check(scope, "session-1", allow_query=True)
        with pytest.raises(CsrfFailed):
            CSRF.check(scope, "session-1")
