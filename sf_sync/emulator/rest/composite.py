"""`/composite`: up to 25 calls in one, where later ones refer to what earlier ones found or made."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sf_sync.emulator.refusals import SalesforceRefusal, json_trouble, no_such_resource
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.files import refuse_content
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest, answer_refusal, parse_params, split_path
from sf_sync.emulator.rest.references import REFERENCE_ID, resolve_body, resolve_url
from sf_sync.emulator.rest.versions import find_version
from sf_sync.emulator.transaction import Transaction

MAX_SUBREQUESTS = 25
MAX_QUERIES = 5
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Subrequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    method: str
    url: str
    reference_id: str
    body: Any = msgspec.UNSET
    http_headers: dict[str, str] = {}


class CompositeBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    composite_request: list[Subrequest]
    all_or_none: bool = False
    collate_subrequests: bool = True


class _Halted(Exception):
    """Undoes the transaction after a subrequest failed."""


def run_composite(context: Context, request: ApiRequest) -> ApiAnswer:
    """Always 200 once the request itself is well formed; each subrequest has its own status."""
    body = parse_composite(request)
    run = _Run(context, request, body)
    answers = run.all_or_none() if body.all_or_none else run.one_by_one()
    described = [_describe(sub, answer) for sub, answer in zip(body.composite_request, answers, strict=True)]
    return ApiAnswer(body={"compositeResponse": described})


def parse_composite(request: ApiRequest) -> CompositeBody:
    """Raises SalesforceRefusal for a malformed request."""
    try:
        body = msgspec.convert(request.read_object(), CompositeBody)
    except msgspec.ValidationError as error:
        raise json_trouble(str(error)) from None
    _check_size(body.composite_request)
    _check_ids([sub.reference_id for sub in body.composite_request])
    return body


class _Run:
    """One composite in progress: the answers so far and what later subrequests may refer to."""

    def __init__(self, context: Context, request: ApiRequest, body: CompositeBody) -> None:
        self._context = context
        self._request = request
        self._subrequests = body.composite_request
        self._bodies: dict[str, Any] = {}

    def one_by_one(self) -> list[ApiAnswer]:
        return [self._run(sub, None) for sub in self._subrequests]

    def all_or_none(self) -> list[ApiAnswer]:
        """One transaction; the first failure keeps its own error and halts every other subrequest."""
        answers: list[ApiAnswer] = []
        request = self._request
        try:
            with self._context.org.transaction(
                user_id=request.session.user_id, origin=request.origin
            ) as transaction:
                for sub in self._subrequests:
                    answers.append(self._run(sub, transaction))
                    if not answers[-1].is_success:
                        raise _Halted
        except _Halted:
            failed = len(answers) - 1
            return [
                answers[failed] if index == failed else _halt() for index in range(len(self._subrequests))
            ]
        return answers

    def _run(self, sub: Subrequest, transaction: Transaction | None) -> ApiAnswer:
        try:
            inner = self._make_request(sub, transaction)
        except SalesforceRefusal as refusal:
            return answer_refusal(refusal)
        answer = self._context.dispatch(self._context, inner)
        if answer.is_success:
            self._bodies[sub.reference_id] = answer.body
        return answer

    def _make_request(self, sub: Subrequest, transaction: Transaction | None) -> ApiRequest:
        version, segments, query = split_url(resolve_url(sub.url, self._bodies))
        _refuse_unsupported(sub.method, segments)
        return msgspec.structs.replace(
            self._request,
            method=sub.method,
            version=version,
            segments=segments,
            params=parse_params(query),
            headers={name.lower(): value for name, value in sub.http_headers.items()},
            body=b"",
            content=resolve_body(sub.body, self._bodies),
            transaction=transaction,
            all_or_none=transaction is not None,
        )


def split_url(url: str) -> tuple[str, list[str], str]:
    """Version, segments and query of a subrequest's url. Raises SalesforceRefusal NOT_FOUND."""
    parts = urlsplit(url)
    segments = split_path(parts.path)
    version = (
        find_version(segments[2])
        if segments and segments[:2] == ["services", "data"] and segments[2:]
        else None
    )
    if segments is None or version is None or parts.scheme or parts.netloc:
        raise no_such_resource()
    return version, segments[3:], parts.query


def is_query_like(url: str) -> bool:
    """Queries and collections, of which a composite may have five."""
    path = urlsplit(url).path
    return "/query" in path or "/composite/sobjects" in path


def _refuse_unsupported(method: str, segments: Sequence[str]) -> None:
    if method not in _METHODS:
        raise SalesforceRefusal("INVALID_HTTP_METHOD", f"Invalid method: {method}")
    refuse_content(segments, "composite")
    allowed = segments and (
        segments[0] in ("sobjects", "query", "queryAll") or list(segments[:2]) == _COLLECTIONS
    )
    if not allowed:
        raise SalesforceRefusal(
            "INVALID_INPUT", f"Resource not supported in a composite: {'/'.join(segments)}"
        )


_COLLECTIONS = ["composite", "sobjects"]


def _check_size(subrequests: Sequence[Subrequest]) -> None:
    if not 1 <= len(subrequests) <= MAX_SUBREQUESTS:
        message = f"The request must have between 1 and {MAX_SUBREQUESTS} subrequests, and it has {len(subrequests)}."
        raise SalesforceRefusal("LIMIT_EXCEEDED", message)
    queries = sum(is_query_like(sub.url) for sub in subrequests)
    if queries > MAX_QUERIES:
        message = f"The request may have {MAX_QUERIES} queries and sObject collections, and it has {queries}."
        raise SalesforceRefusal("LIMIT_EXCEEDED", message)


def _check_ids(reference_ids: Sequence[str]) -> None:
    for reference_id in reference_ids:
        if not REFERENCE_ID.fullmatch(reference_id):
            raise SalesforceRefusal("INVALID_INPUT", f"Invalid reference id: {reference_id[:80]}")
    if len(set(reference_ids)) != len(reference_ids):
        raise SalesforceRefusal("INVALID_INPUT", "Each referenceId must be used once only")


def _halt() -> ApiAnswer:
    return ApiAnswer(status=400, body=[{"errorCode": "PROCESSING_HALTED", "message": _ROLLED_BACK}])


def _describe(sub: Subrequest, answer: ApiAnswer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": answer.headers,
        "httpStatusCode": answer.status,
        "referenceId": sub.reference_id,
    }
