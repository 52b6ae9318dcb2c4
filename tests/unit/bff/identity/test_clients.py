from typing import Any, cast

import pytest
from litestar.types import Scope

from bff.identity.clients import get_client_address


def make_scope(*forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", text.encode()) for text in forwarded]
    return cast(Any, {"client": ("10.0.0.9", 1), "headers": headers})


class TestClientAddress:
    @pytest.mark.parametrize(
        ("forwarded", "hops", "address"),
        [
            ((), 0, "10.0.0.9"),
            (("1.1.1.1",), 0, "10.0.0.9"),
            (("1.1.1.1",), 1, "1.1.1.1"),
            (("6.6.6.6, 1.1.1.1",), 1, "1.1.1.1"),
            (("6.6.6.6, 1.1.1.1, 2.2.2.2",), 2, "1.1.1.1"),
            (("6.6.6.6", "1.1.1.1"), 1, "1.1.1.1"),
            (("1.1.1.1",), 2, "10.0.0.9"),
            (("<script>",), 1, ""),
            (("2001:db8::1",), 1, "2001:db8::1"),
        ],
    )
    def test_believes_our_own_proxies_and_nobody_further_left(
        self, forwarded: tuple[str, ...], hops: int, address: str
    ) -> None:
        assert get_client_address(make_scope(*forwarded), hops) == address
