"""Turns the error list of an answer, or of one step of a composite, into the error tree.

`errorCode` decides and not the HTTP status, which varies; codes are an open set, so an unknown one is a plain
SalesforceRefused. Sub-answers of collections say `statusCode` where all others say `errorCode`.
"""

import re
from collections.abc import Sequence
from typing import Any

from sf_sync.client.wire import SubAnswer
from sf_sync.errors import (
    DuplicateValue,
    NotFound,
    RequestLimitReached,
    RowLocked,
    SalesforceError,
    SalesforceRefused,
    SalesforceUnavailable,
    ServerFault,
    SessionExpired,
    TransactionHalted,
)
from sf_sync.ids import InvalidRecordId, parse_record_id

HALTED = "PROCESSING_HALTED"
MANY_MATCHES = "MULTIPLE_CHOICES"
_NOT_FOUND = {"NOT_FOUND", "ENTITY_IS_DELETED"}
_EXISTING_ID = re.compile(r"record with id: ([A-Za-z0-9]{15,18})\b")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")


def parse_refusal(status: int, body: Any) -> SalesforceError:
    """The error that an answer with this status and JSON body means. Never raises, whatever the body is."""
    if status == 300:
        return SalesforceRefused(status=status, code=MANY_MATCHES)
    entry, code = _find_entry(body), find_code(body)
    message = entry.get("message") or entry.get("error_description") or ""
    fields = entry.get("fields")
    return _make_refusal(
        status,
        code,
        message if isinstance(message, str) else "",
        tuple(field for field in fields if isinstance(field, str)) if isinstance(fields, list) else (),
    )


def find_failure(answers: Sequence[SubAnswer]) -> SalesforceError | None:
    """Why a composite failed: the step with an error of its own; TransactionHalted when none has; else
    None."""
    failed = [answer for answer in answers if not answer.is_success]
    if not failed:
        return None
    own = [answer for answer in failed if find_code(answer.body) != HALTED]
    if own:
        return parse_refusal(own[0].status, own[0].body)
    return TransactionHalted(status=failed[0].status)


def _find_entry(body: Any) -> dict[str, Any]:
    candidates = body if isinstance(body, list) else [body]
    return next((entry for entry in candidates if isinstance(entry, dict)), {})


def find_code(body: Any) -> str | None:
    """Salesforce's own code of the first error in a body of any shape."""
    entry = _find_entry(body)
    code = entry.get("errorCode") or entry.get("statusCode")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def _make_refusal(status: int, code: str | None, message: str, fields: tuple[str, ...]) -> SalesforceError:
    if code == "UNKNOWN_EXCEPTION":
        return ServerFault("Salesforce failed with UNKNOWN_EXCEPTION")
    if status >= 500 or code == "SERVER_UNAVAILABLE" or status in {420, 429}:
        return SalesforceUnavailable(f"Salesforce answered {status}")
    if code == "INVALID_SESSION_ID":
        return SessionExpired(status=status, message=message)
    if code == "REQUEST_LIMIT_EXCEEDED":
        return RequestLimitReached(status=status, message=message, concurrent="Concurrent" in message)
    if code == "UNABLE_TO_LOCK_ROW":
        return RowLocked(status=status, message=message, fields=fields)
    if code == "DUPLICATE_VALUE":
        existing_id = _find_existing_id(message)
        return DuplicateValue(status=status, message=message, fields=fields, existing_id=existing_id)
    if code in _NOT_FOUND or (code is None and status == 404):
        return NotFound(status=status, code=code, message=message, fields=fields)
    return SalesforceRefused(status=status, code=code, message=message, fields=fields)


def _find_existing_id(message: str) -> str | None:
    found = _EXISTING_ID.search(message)
    if found is None:
        return None
    try:
        return parse_record_id(found[1])
    except InvalidRecordId:
        return None
