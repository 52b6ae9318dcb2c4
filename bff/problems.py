"""Every error answer: one translation of exceptions to `application/problem+json`, and its place in OpenAPI."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from bff import errors
from bff.errors import PortalError, Problem, make_problem
from bff.identity.language import find_texts_of
from bff.logging import format_exception, get_request_id
from cache.errors import CacheError
from sf_sync.accounts import SourceUnavailable as AccountUnavailable
from sf_sync.errors import SalesforceError

PROBLEM_JSON = "application/problem+json"

log = structlog.get_logger(__name__)

BY_STATUS: Mapping[int, type[PortalError]] = {
    error.status: error
    for error in (
        errors.InvalidRequest,
        errors.Unauthenticated,
        errors.Forbidden,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.BodyTooLarge,
        errors.UnsupportedMediaType,
        errors.TooManyRequests,
        errors.ServiceUnavailable,
    )
}

_FIELD = re.compile(r"[A-Za-z0-9_.\[\]]{1,80}")
_TYPES = re.compile(
    r"Expected `[a-z0-9 |_.-]{1,60}`(?: of length [<>]=? \d+| [<>]=? -?[0-9.]+)?(?:, got `[a-z0-9 |_]{1,30}`)?"
)
_DISCONNECTED = "client disconnected prematurely"


def translate(error: Exception) -> PortalError:
    """What the caller is told; what nobody foresaw is logged as a bug, with its place and without its message."""
    match error:
        case PortalError():
            return error
        case HTTPException():
            return translate_http_exception(error)
        case AccountUnavailable() | SalesforceError():
            log.warning("salesforce_failed", error=type(error).__name__)
            retry_after_s = getattr(error, "retry_after_s", None)
            return errors.SourceUnavailable(retry_after_s=round(retry_after_s or 2) or 1)
        case CacheError():
            log.warning("redis_failed", error=type(error).__name__)
            return errors.ServiceUnavailable(retry_after_s=2)
    log.error("unexpected_error", error=type(error).__name__, trace=format_exception(error))
    return errors.InternalError()


def translate_http_exception(error: HTTPException) -> PortalError:
    """The framework's own refusals; its texts are dropped, because they repeat addresses with their query."""
    if error.status_code >= 500 and error.detail != _DISCONNECTED:
        log.error("unexpected_error", error=type(error).__name__, trace=format_exception(error))
        return errors.InternalError()
    refusal = BY_STATUS.get(error.status_code, errors.InvalidRequest)()
    if isinstance(error, ValidationException):
        refusal.sentence = describe_validation(error.extra) or refusal.sentence
    return refusal


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    refusal = translate(error)
    refusal.speak(find_texts_of(request.scope))
    headers = make_headers(refusal)
    if isinstance(error, HTTPException):
        headers |= {key: value for key, value in (error.headers or {}).items() if key.lower() == "allow"}
    body = encode_problem(refusal)
    return Response(body, status_code=refusal.status, media_type=PROBLEM_JSON, headers=headers)


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[..., Response[Any]]] = {
    HTTPException: answer_exception,
    Exception: answer_exception,
}


def encode_problem(refusal: PortalError) -> bytes:
    return msgspec.json.encode(make_problem(refusal, get_request_id(), HTTPStatus(refusal.status).phrase))


def make_headers(refusal: PortalError) -> dict[str, str]:
    headers = {}
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def describe_validation(extra: Any) -> str | None:
    """The first mistake in a sentence, from names and types of our own schema; never a value that was sent."""
    for mistake in extra if isinstance(extra, list) else []:
        field = str(mistake.get("key", "")).removeprefix("data.")
        return describe_mistake(str(mistake.get("message", "")), field if _FIELD.fullmatch(field) else "")
    return None


def describe_mistake(message: str, field: str) -> str:
    """`message` is msgspec's, which may quote what was sent; only its known harmless forms are passed on."""
    place = f"`{field}`" if field and field != "data" else "the request"
    if missing := re.fullmatch(r"Object missing required field `(\w{1,60})`", message):
        return f"A required field is missing: `{missing[1]}`."
    if message.startswith("Object contains unknown field"):
        return "The request has a field that is not known here."
    if types := _TYPES.match(message):
        return f"{place[:1].upper()}{place[1:]} is not valid: {types[0]}."
    return f"{place[:1].upper()}{place[1:]} is not valid."


def problems(*refusals: type[PortalError]) -> dict[int, ResponseSpec]:
    """For a handler's `responses=`: the error answers that it may give beyond those that any route may give."""
    by_status: dict[int, list[str]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, []).append(refusal.code)
    return {
        status: ResponseSpec(
            Problem,
            description=f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
            media_type=PROBLEM_JSON,
            generate_examples=False,
        )
        for status, codes in by_status.items()
    }


EVERYWHERE = problems(
    errors.InvalidRequest,
    errors.Unauthenticated,
    errors.Forbidden,
    errors.CsrfFailed,
    errors.InternalError,
    errors.SourceUnavailable,
    errors.ServiceUnavailable,
)
"""What any route may answer."""

WITH_BODY = problems(errors.BodyTooLarge, errors.UnsupportedMediaType)
"""What a route that takes a body may answer besides."""
