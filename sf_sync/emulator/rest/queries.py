"""`/query`, `/queryAll` and their further pages."""

import re
from typing import Any

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.cursors import Cursor
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.soql.engine import QueryResult

DEFAULT_PAGE = 2_000
SMALLEST_PAGE = 200
LARGEST_PAGE = 2_000
_BATCH_SIZE = re.compile(r"\s*batchSize\s*=\s*(\d{1,6})\s*", re.IGNORECASE)


def run_query(context: Context, request: ApiRequest) -> ApiAnswer:
    return _start(context, request, include_deleted=False)


def run_query_all(context: Context, request: ApiRequest) -> ApiAnswer:
    return _start(context, request, include_deleted=True)


def read_page(context: Context, request: ApiRequest) -> ApiAnswer:
    """The page that a locator stands for; its cursor stays open."""
    cursor, offset = context.cursors.get(request.session.user_id, request.segments[1])
    return ApiAnswer(body=_describe_page(request, cursor, offset))


def _start(context: Context, request: ApiRequest, *, include_deleted: bool) -> ApiAnswer:
    if "q" not in request.params:
        raise SalesforceRefusal("MALFORMED_QUERY", "SOQL query is required: parameter q is missing")
    result = context.soql.run(
        request.params["q"], data_path=request.data_path, include_deleted=include_deleted
    )
    page_size = _parse_page_size(request)
    if len(result.rows) <= page_size:
        records = [result.project(row) for row in result.rows]
        return ApiAnswer(body={"totalSize": result.total, "done": True, "records": records})
    return _open(context, request, result, page_size)


def _open(context: Context, request: ApiRequest, result: QueryResult, page_size: int) -> ApiAnswer:
    if result.aggregate:
        message = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
        raise SalesforceRefusal("EXCEEDED_ID_LIMIT", message)
    cursor = context.cursors.open(request.session.user_id, result, page_size=page_size)
    return ApiAnswer(body=_describe_page(request, cursor, 0))


def _describe_page(request: ApiRequest, cursor: Cursor, offset: int) -> dict[str, Any]:
    rows = cursor.result.rows
    end = offset + cursor.page_size
    page: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows)}
    if end < len(rows):
        page["nextRecordsUrl"] = f"{request.data_path}/query/{cursor.cursor_id}-{end}"
    page["records"] = [cursor.result.project(row) for row in rows[offset:end]]
    return page


def _parse_page_size(request: ApiRequest) -> int:
    options = request.headers.get("sforce-query-options")
    if options is None:
        return DEFAULT_PAGE
    match = _BATCH_SIZE.fullmatch(options)
    if match is None:
        raise SalesforceRefusal("INVALID_QUERY_OPTIONS", f"Invalid Sforce-Query-Options header: {options}")
    return min(max(int(match.group(1)), SMALLEST_PAGE), LARGEST_PAGE)
