"""The API versions of the emulated release."""

import re

from sf_sync.emulator.refusals import SalesforceRefusal

OLDEST, NEWEST = 31, 67
_SEGMENT = re.compile(r"v(\d{1,3})\.0")
_SEASONS = ("Winter", "Spring", "Summer")
_WINTER_26 = 65


def find_version(segment: str) -> str | None:
    """`66.0` for the path segment `v66.0`; None for a version that never was. Raises SalesforceRefusal 410 for one
    that is retired."""
    match = _SEGMENT.fullmatch(segment)
    if match is None or not 20 <= int(match.group(1)) <= NEWEST:
        return None
    if int(match.group(1)) < OLDEST:
        message = f"The requested API version has been retired: {segment}"
        raise SalesforceRefusal("UNSUPPORTED_API_VERSION", message, status=410)
    return f"{match.group(1)}.0"


def list_versions() -> list[dict[str, str]]:
    return [_describe(number) for number in range(OLDEST, NEWEST + 1)]


def _describe(number: int) -> dict[str, str]:
    steps = number - _WINTER_26
    year = 26 + steps // 3
    return {
        "label": f"{_SEASONS[steps % 3]} '{year:02d}",
        "url": f"/services/data/v{number}.0",
        "version": f"{number}.0",
    }
