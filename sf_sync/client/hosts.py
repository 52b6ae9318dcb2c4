"""Which addresses that Salesforce names may be used. A wrong one would hand the bearer token to a stranger.

Calls always go to the configured address; what an answer names is only compared with it. The host must be
exactly the configured one, with its port: My Domain gives each org one API host, so no rule about subdomains
is needed, and one such as `*.my.salesforce.com` would trust every other customer of Salesforce. Names of the
loopback interface count as equal, since the emulator may call itself by any of them.
"""

import re
from urllib.parse import SplitResult, urlsplit

from sf_sync.errors import UntrustedAddress
from sf_sync.ids import InvalidRecordId, parse_record_id
from sf_sync.settings import LOOPBACK_HOSTS

_PAGE_PATH = re.compile(r"/services/data/v[0-9]{2,3}\.[0-9]/query(?:All)?/[A-Za-z0-9_-]{1,64}")
_IDENTITY_PATH = re.compile(r"/id/([A-Za-z0-9]{15,18})/[A-Za-z0-9]{15,18}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_instance_url(url: str, *, base: str) -> str:
    """`instance_url` of a token: the configured org and nothing more. Raises UntrustedAddress."""
    parts = _split(url)
    if parts.path not in {"", "/"} or not _is_same_origin(parts, base):
        raise UntrustedAddress("instance_url is not the configured SALESFORCE_URL")
    return f"{parts.scheme}://{parts.netloc}"


def check_page_path(url: str, *, base: str) -> str:
    """`nextRecordsUrl` of a query as a path below the configured org. Raises UntrustedAddress."""
    parts = _split(url)
    if (parts.scheme or parts.netloc) and not _is_same_origin(parts, base):
        raise UntrustedAddress("nextRecordsUrl names another host")
    if not _PAGE_PATH.fullmatch(parts.path):
        raise UntrustedAddress("nextRecordsUrl is not the path of a query page")
    return parts.path


def parse_identity_org(url: str, *, bases: tuple[str, ...]) -> str:
    """The 18-character org id out of a token's identity URL, which is never fetched. Raises
    UntrustedAddress."""
    parts = _split(url)
    found = _IDENTITY_PATH.fullmatch(parts.path)
    if found is None or not any(_is_same_origin(parts, base) for base in bases):
        raise UntrustedAddress("the identity URL is not one of the configured login host")
    try:
        return parse_record_id(found[1], prefix="00D")
    except InvalidRecordId as error:
        raise UntrustedAddress("the identity URL names no org") from error


def _split(url: str) -> SplitResult:
    # Backslashes, controls and spaces are read differently by different parsers: refuse before parsing.
    if not url.isascii() or any(character <= " " or character in "\\\x7f" for character in url):
        raise UntrustedAddress("the address holds characters that no address of Salesforce holds")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is not a number
    except ValueError as error:
        raise UntrustedAddress("the address cannot be read") from error
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UntrustedAddress("the address holds a user, a query or a fragment")
    return parts


def _is_same_origin(parts: SplitResult, base: str) -> bool:
    trusted = urlsplit(base)
    return (
        parts.scheme == trusted.scheme
        and _name_host(parts) == _name_host(trusted)
        and _get_port(parts) == _get_port(trusted)
    )


def _name_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    return "localhost" if host in LOOPBACK_HOSTS else host


def _get_port(parts: SplitResult) -> int | None:
    return parts.port or _DEFAULT_PORTS.get(parts.scheme)
