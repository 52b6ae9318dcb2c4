"""Conditional requests: ETags on Account rows only, modification times on all rows, to the second."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.model import EntitySchema, Row
from sf_sync.emulator.wire_time import format_http_date, parse_instant

_ETAG_OBJECT = "Account"


def make_validators(schema: EntitySchema, row: Row) -> Mapping[str, str]:
    """The ETag and Last-Modified headers of a row."""
    modified = row.get("LastModifiedDate") or row["SystemModstamp"]
    validators = {"Last-Modified": format_http_date(parse_instant(modified))}
    if schema.name == _ETAG_OBJECT:
        # SystemModstamp has whole seconds; two writes within one must not share a tag, so the values count too.
        digest = hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()
        validators["ETag"] = f'"{digest[:22]}--gzip"'
    return validators


def check_read(headers: Mapping[str, str], validators: Mapping[str, str]) -> bool:
    """False when the caller has this version already. Raises SalesforceRefusal 412 when it wants another."""
    check_write(headers, validators)
    tags = headers.get("if-none-match")
    if tags is not None and "ETag" in validators:
        return not _names(tags, validators["ETag"])
    since = headers.get("if-modified-since")
    return since is None or _parse(validators["Last-Modified"]) > _parse(since)


def check_write(headers: Mapping[str, str], validators: Mapping[str, str]) -> None:
    """Raises SalesforceRefusal 412 when the row is not the version that the caller means."""
    tags = headers.get("if-match")
    if tags is not None and "ETag" in validators and not _names(tags, validators["ETag"]):
        raise _precondition_failed()
    since = headers.get("if-unmodified-since")
    if since is not None and _parse(validators["Last-Modified"]) > _parse(since):
        raise _precondition_failed()


def _names(tags: str, tag: str) -> bool:
    return tags.strip() == "*" or tag in (given.strip() for given in tags.split(","))


def _parse(text: str) -> datetime:
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        raise SalesforceRefusal("INVALID_DATE_FORMAT", f"Invalid date header: {text[:60]}") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _precondition_failed() -> SalesforceRefusal:
    message = "The row has been changed since the version that the request names"
    return SalesforceRefusal("PRECONDITION_FAILED", message, status=412)
