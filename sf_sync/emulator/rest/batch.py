"""`/composite/batch`: up to 25 calls one after the other, each a transaction of its own."""

from typing import Any

import msgspec

from sf_sync.emulator.refusals import SalesforceRefusal, json_trouble
from sf_sync.emulator.rest.composite import MAX_SUBREQUESTS, split_url
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.files import refuse_content
from sf_sync.emulator.rest.messages import NO_HEADERS, ApiAnswer, ApiRequest, answer_refusal, parse_params

_HALTED = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]
_NESTED = frozenset({"batch", "tree", "graph"})


class BatchPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    method: str
    url: str
    rich_input: Any = msgspec.UNSET


class BatchBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    batch_requests: list[BatchPart]
    halt_on_error: bool = False


def run_batch(context: Context, request: ApiRequest) -> ApiAnswer:
    try:
        body = msgspec.convert(request.read_object(), BatchBody)
    except msgspec.ValidationError as error:
        raise json_trouble(str(error)) from None
    if not 1 <= len(body.batch_requests) <= MAX_SUBREQUESTS:
        message = f"A batch has between 1 and {MAX_SUBREQUESTS} requests."
        raise SalesforceRefusal("LIMIT_EXCEEDED", message)
    results: list[ApiAnswer] = []
    for part in body.batch_requests:
        if body.halt_on_error and any(result.status >= 400 for result in results):
            results.append(ApiAnswer(status=412, body=_HALTED))
        else:
            results.append(_run(context, request, part))
    return ApiAnswer(
        body={
            "hasErrors": any(result.status >= 400 for result in results),
            "results": [{"statusCode": result.status, "result": result.body} for result in results],
        }
    )


def _run(context: Context, request: ApiRequest, part: BatchPart) -> ApiAnswer:
    url = part.url if part.url.startswith("/services/data/") else f"/services/data/{part.url.lstrip('/')}"
    try:
        version, segments, query = split_url(url)
        refuse_content(segments, "batch")
        if segments[:1] == ["composite"] and (len(segments) == 1 or segments[1] in _NESTED):
            raise SalesforceRefusal(
                "INVALID_INPUT", f"Resource not supported in a batch: {'/'.join(segments)}"
            )
    except SalesforceRefusal as refusal:
        return answer_refusal(refusal)
    inner = msgspec.structs.replace(
        request,
        method=part.method,
        version=version,
        segments=segments,
        params=parse_params(query),
        headers=NO_HEADERS,
        body=b"",
        content=part.rich_input,
    )
    return context.dispatch(context, inner)
