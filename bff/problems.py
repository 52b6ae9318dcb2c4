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
_TYPES = re.compile(r"Expected `[a-z0-9 |_\[\]<>=.-]{1,60}`(?:, got `[a-z0-9 |_]{1,30}`)?")
_DISCONNECTED = "client disconnected prematurely"


def answer_portal_error(_: Request[Any, Any, Any], error: PortalError) -> Response[bytes]:
    return make_problem_response(error)


def answer_http_exception(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """The framework's own refusals; its texts are dropped, because they repeat addresses with their query."""
    if error.status_code >= 500 and error.detail != _DISCONNECTED:
        return answer_unexpected(_, error)
    refusal = BY_STATUS.get(error.status_code, errors.InvalidRequest)()
    if isinstance(error, ValidationException):
        refusal.sentence = describe_validation(error.extra) or refusal.sentence
    allow = {key: value for key, value in (error.headers or {}).items() if key.lower() == "allow"}
    return make_problem_response(refusal, headers=allow)


def answer_salesforce_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.warning("salesforce_failed", error=type(error).__name__)
    retry_after_s = getattr(error, "retry_after_s", None)
    return make_problem_response(errors.SourceUnavailable(retry_after_s=round(retry_after_s or 2) or 1))


def answer_cache_error(_: Request[Any, Any, Any], error: CacheError) -> Response[bytes]:
    log.warning("redis_failed", error=type(error).__name__)
    return make_problem_response(errors.ServiceUnavailable(retry_after_s=2))


def answer_unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("unexpected_error", error=type(error).__name__, trace=format_exception(error))
    return make_problem_response(errors.InternalError())


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[..., Response[Any]]] = {
    PortalError: answer_portal_error,
    HTTPException: answer_http_exception,
    AccountUnavailable: answer_salesforce_error,
    SalesforceError: answer_salesforce_error,
    CacheError: answer_cache_error,
    Exception: answer_unexpected,
}


def make_problem_response(error: PortalError, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    problem = make_problem(error, get_request_id(), HTTPStatus(error.status).phrase)
    sent = dict(headers or {})
    if error.retry_after_s is not None:
        sent["Retry-After"] = str(error.retry_after_s)
    if error.status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(
        content=msgspec.json.encode(problem),
        status_code=error.status,
        media_type=PROBLEM_JSON,
        headers=sent,
    )


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
