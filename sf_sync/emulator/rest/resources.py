"""The resources below `/services/data/vXX.X`: which handler answers which path and method."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from sf_sync.emulator.refusals import SalesforceRefusal, method_not_allowed, no_such_resource
from sf_sync.emulator.rest import (
    batch,
    collections,
    composite,
    describe,
    external_ids,
    feeds,
    files,
    limits,
    queries,
    rows,
)
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest, answer_refusal

Handler: TypeAlias = Callable[[Context, ApiRequest], ApiAnswer]
Methods: TypeAlias = Mapping[str, Handler]

_NAMED = ("sobjects", "query", "queryAll", "limits", "composite")


def dispatch(context: Context, request: ApiRequest) -> ApiAnswer:
    """Carry out a call or subrequest. A refusal comes back as an answer with its status and error body."""
    try:
        request = _apply_method_override(request)
        return _find_handler(request)(context, request)
    except SalesforceRefusal as refusal:
        return answer_refusal(refusal)


def list_resources(context: Context, request: ApiRequest) -> ApiAnswer:
    """The resources, and the identity url by which some clients learn who they are."""
    identity = f"{request.base_url}/id/{context.org.org_id}/{request.session.user_id}"
    return ApiAnswer(body={"identity": identity, **{name: f"{request.data_path}/{name}" for name in _NAMED}})


def list_composite_resources(context: Context, request: ApiRequest) -> ApiAnswer:
    base = f"{request.data_path}/composite"
    return ApiAnswer(body={"batch": f"{base}/batch", "sobjects": f"{base}/sobjects"})


def _apply_method_override(request: ApiRequest) -> ApiRequest:
    override = request.params.get("_HttpMethod")
    if override is None or request.method != "POST":
        return request
    return msgspec.structs.replace(request, method=override.upper())


def _find_handler(request: ApiRequest) -> Handler:
    methods = _find_methods(request.segments)
    if methods is None:
        raise no_such_resource()
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        raise method_not_allowed(request.method, [*methods, *(["HEAD"] if "GET" in methods else [])])
    return handler


def _find_methods(segments: Sequence[str]) -> Methods | None:
    match segments:
        case []:
            return {"GET": list_resources}
        case ["sobjects", *_] if files.is_content(segments):
            return {"GET": files.read_content}
        case ["sobjects", *rest]:
            return _find_row_methods(rest)
        case ["query"]:
            return {"GET": queries.run_query}
        case ["queryAll"]:
            return {"GET": queries.run_query_all}
        case ["query" | "queryAll", _]:
            return {"GET": queries.read_page}
        case ["limits"]:
            return {"GET": limits.read_limits}
        case ["composite", *rest]:
            return _find_composite_methods(rest)
    return None


def _find_row_methods(segments: Sequence[str]) -> Methods | None:
    match segments:
        case []:
            return {"GET": describe.describe_global}
        case [_]:
            return {"GET": describe.describe_basic, "POST": rows.create_row}
        case [_, "describe"]:
            return {"GET": describe.describe_full}
        case [_, "updated"]:
            return {"GET": feeds.list_updated}
        case [_, "deleted"]:
            return {"GET": feeds.list_deleted}
        case [_, _]:
            return {"GET": rows.read_row, "PATCH": rows.update_row, "DELETE": rows.delete_row}
        case [_, _, _]:
            return {
                "GET": external_ids.read_by_key,
                "PATCH": external_ids.upsert_by_key,
                "DELETE": external_ids.delete_by_key,
            }
    return None


def _find_composite_methods(segments: Sequence[str]) -> Methods | None:
    match segments:
        case []:
            return {"GET": list_composite_resources, "POST": composite.run_composite}
        case ["batch"]:
            return {"POST": batch.run_batch}
        case ["sobjects"]:
            return {
                "POST": collections.create_many,
                "PATCH": collections.update_many,
                "DELETE": collections.delete_many,
            }
        case ["sobjects", _]:
            return {"GET": collections.read_many, "POST": collections.read_many}
        case ["sobjects", _, _]:
            return {"PATCH": collections.upsert_many}
    return None
