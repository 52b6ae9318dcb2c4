"""The parts of a Redis URL."""

import ssl
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where one server listens. `username` and `password` are secrets: `repr` hides them."""

    kind: Literal["tcp", "tls", "unix"]
    host: str = ""
    port: int = 6379
    path: str = ""
    database: int = 0
    username: str = ""
    password: str = ""
    ca_file: str | None = None

    def __repr__(self) -> str:
        place = self.path if self.kind == "unix" else f"{self.host}:{self.port}"
        return f"Address({self.kind} {place} db {self.database})"

    def make_ssl_context(self) -> ssl.SSLContext | None:
        if self.kind != "tls":
            return None
        return ssl.create_default_context(cafile=self.ca_file)


_KINDS: dict[str, Literal["tcp", "tls", "unix"]] = {"redis": "tcp", "rediss": "tls", "unix": "unix"}


def parse_address(url: str) -> Address:
    """Read `redis://`, `rediss://` or `unix://` with optional user, password, database and `ssl_ca_certs`.

    `redis://[user:password@]host[:port][/database]`, `unix://[user:password@]/path?db=0`.
    Raises `ValueError`; its text never repeats the URL, which may hold a password.
    """
    parts = urlsplit(url)
    kind = _KINDS.get(parts.scheme)
    if kind is None:
        raise ValueError("a Redis URL starts with redis://, rediss:// or unix://")
    options = parse_qs(parts.query)
    if kind == "unix" and not parts.path:
        raise ValueError("a unix:// Redis URL needs the path of the socket")
    try:
        port = parts.port or 6379
    except ValueError as error:
        raise ValueError("the port of a Redis URL is a number up to 65535") from error
    named = "" if kind == "unix" else parts.path.strip("/")
    return Address(
        kind=kind,
        host=parts.hostname or "localhost",
        port=port,
        path=unquote(parts.path) if kind == "unix" else "",
        database=_parse_database(options.get("db", [named])[0]),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_file=options.get("ssl_ca_certs", [None])[0],
    )


def _parse_database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise ValueError("the database of a Redis URL is a number")
    return int(text)
