"""Addresses that Salesforce names: nothing but the configured org is trusted."""

import pytest

from sf_sync.client.hosts import check_instance_url, check_page_path, parse_identity_org
from sf_sync.errors import UntrustedAddress

BASE = "https://acme.my.salesforce.com"
LOGIN = "https://login.salesforce.com"

STRANGE_INSTANCES = [
    "http://acme.my.salesforce.com",
    "https://evil.example",
    "https://acme.my.salesforce.com.evil.example",
    "https://acme.my.salesforce.com:8443",
    "https://other.my.salesforce.com",
    "https://x.acme.my.salesforce.com",
    "https://my.salesforce.com",
    "https://acme.my.salesforce.com@evil.example",
    "https://evil.example#acme.my.salesforce.com",
    "https://evil.example?acme.my.salesforce.com",
    "https://evil.example\\.my.salesforce.com",
    "https://acme.my.salesforce.com/redirect",
    "//acme.my.salesforce.com",
    "acme.my.salesforce.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://127.0.0.1",
    "https://[::1]",
    "https://acme.my.salesforce.com\n",
    "https://аcme.my.salesforce.com",
    "https://acme.my.salesforce.com:port",
    "",
]

STRANGE_PAGES = [
    "https://evil.example/services/data/v66.0/query/01gAA-2000",
    "//evil.example/services/data/v66.0/query/01gAA-2000",
    "/\\evil.example/services/data/v66.0/query/01gAA-2000",
    "http://acme.my.salesforce.com/services/data/v66.0/query/01gAA-2000",
    "https://acme.my.salesforce.com@evil.example/services/data/v66.0/query/01gAA-2000",
    "/services/data/v66.0/query/../../../secur/logout.jsp",
    "/services/data/v66.0/query/01gAA-2000?next=https://evil.example",
    "/services/data/v66.0/query/01gAA-2000#x",
    "/services/data/v66.0//query/01gAA-2000",
    "/services/data/v66.0/query/%2e%2e/x",
    "/services/data/v66.0/sobjects/User",
    "/services/apexrest/steal",
    "/secur/frontdoor.jsp",
    "services/data/v66.0/query/01gAA-2000",
    "/services/data/v66.0/query/",
    "/services/data/v66.0/query/01gAA 2000",
    "/services/data/v66.0/query/01gAA\r\nHost: evil.example",
    "@evil.example/services/data/v66.0/query/01gAA",
    "",
    "https:///services/data/v66.0/query/01gAA-2000",
]


class TestInstanceUrl:
    @pytest.mark.parametrize(
        ("url", "base"),
        [
            (BASE, BASE),
            (BASE + "/", BASE),
            ("https://ACME.my.salesforce.com", BASE),
            ("https://acme.my.salesforce.com:443", BASE),
            ("http://localhost:8100", "http://127.0.0.1:8100"),
            ("http://127.0.0.1:8100", "http://localhost:8100"),
        ],
    )
    def test_may_be_the_configured_org(self, url: str, base: str) -> None:
        assert check_instance_url(url, base=base) == url.rstrip("/")

    @pytest.mark.parametrize("url", STRANGE_INSTANCES)
    def test_may_be_nothing_else(self, url: str) -> None:
        with pytest.raises(UntrustedAddress):
            check_instance_url(url, base=BASE)

    @pytest.mark.parametrize(
        "url", ["http://localhost:8101", "https://localhost:8100", "http://10.0.0.1:8100"]
    )
    def test_keeps_port_and_scheme_on_this_machine_too(self, url: str) -> None:
        with pytest.raises(UntrustedAddress):
            check_instance_url(url, base="http://localhost:8100")


class TestNextPage:
    @pytest.mark.parametrize(
        "url",
        [
            "/services/data/v66.0/query/01gxx0000004CAEAA2-2000",
            "/services/data/v66.0/queryAll/0r8xx3d3yT4aAAA-4000",
            BASE + "/services/data/v66.0/query/01gxx0000004CAEAA2-2000",
        ],
    )
    def test_is_a_path_of_the_configured_org(self, url: str) -> None:
        assert check_page_path(url, base=BASE) == url.removeprefix(BASE)

    @pytest.mark.parametrize("url", STRANGE_PAGES)
    def test_may_be_nothing_else(self, url: str) -> None:
        with pytest.raises(UntrustedAddress):
            check_page_path(url, base=BASE)


class TestIdentityUrl:
    def test_tells_the_org(self) -> None:
        org_id = parse_identity_org(f"{LOGIN}/id/00Dp00000000abc/005p00000000abc", bases=(LOGIN, BASE))

        assert org_id == "00Dp00000000abcEAA"

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/id/00Dp00000000abc/005p00000000abc",
            f"{LOGIN}/id/001p00000000abc/005p00000000abc",
            f"{LOGIN}/id/00Dp00000000abc",
            f"{LOGIN}/id/../00Dp00000000abc/005p00000000abc",
            LOGIN,
            "",
        ],
    )
    def test_is_of_a_login_host(self, url: str) -> None:
        with pytest.raises(UntrustedAddress):
            parse_identity_org(url, bases=(LOGIN, BASE))
