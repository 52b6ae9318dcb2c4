"""Where Redis is and how long to wait for it."""

from collections.abc import Mapping

import msgspec

from cache.address import parse_address


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`url` may hold a password, so never log it. `timeout_s` bounds every command and every connect."""

    url: str
    timeout_s: float = 0.5


def parse_cache_settings(environ: Mapping[str, str]) -> CacheSettings:
    """Read `REDIS_URL` and, optionally, `REDIS_TIMEOUT_S`.

    Raises `ValueError` with a sentence for the operator when one is missing or malformed.
    """
    url = environ.get("REDIS_URL", "")
    if not url:
        raise ValueError("REDIS_URL is not set")
    parse_address(url)
    try:
        timeout_s = float(environ.get("REDIS_TIMEOUT_S", "0.5"))
    except ValueError as error:
        raise ValueError("REDIS_TIMEOUT_S is not a number") from error
    if not 0 < timeout_s <= 60:
        raise ValueError("REDIS_TIMEOUT_S must be more than 0 and at most 60")
    return CacheSettings(url=url, timeout_s=timeout_s)
