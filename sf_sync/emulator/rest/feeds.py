"""`/sobjects/X/updated` and `/sobjects/X/deleted`: what changed within a window of time, to the minute."""

from datetime import datetime, timedelta

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.wire_time import format_instant, parse_instant

FARTHEST_BACK = timedelta(days=30)


def list_updated(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    start, end = _parse_window(context, request)
    first, last = format_instant(start), format_instant(end)
    rows = context.org.select(schema.name, lambda row: first <= row["SystemModstamp"] < last)
    return ApiAnswer(body={"ids": [row["Id"] for row in rows], "latestDateCovered": last})


def list_deleted(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema(request.segments[1])
    start, end = _parse_window(context, request)
    first, last = format_instant(start), format_instant(end)
    deleted = [
        {"id": row["Id"], "deletedDate": row["SystemModstamp"]}
        for row in context.org.tables[schema.name].rows.values()
        if row["IsDeleted"] and first <= row["SystemModstamp"] < last
    ]
    earliest = context.org.tables["Organization"].rows[context.org.org_id]["CreatedDate"]
    return ApiAnswer(
        body={"deletedRecords": deleted, "earliestDateAvailable": earliest, "latestDateCovered": last}
    )


def _parse_window(context: Context, request: ApiRequest) -> tuple[datetime, datetime]:
    start, end = _parse_time(request, "start"), _parse_time(request, "end")
    if end <= start:
        raise SalesforceRefusal("INVALID_REPLICATION_DATE", "startDate before endDate is required")
    if start < context.org.now() - FARTHEST_BACK:
        raise SalesforceRefusal("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    return start, end


def _parse_time(request: ApiRequest, name: str) -> datetime:
    text = request.params.get(name)
    if text is None:
        raise SalesforceRefusal("MISSING_ARGUMENT", f"Missing parameter: {name}")
    try:
        # A `+` that was not escaped arrives as a space.
        return parse_instant(text.replace(" ", "+")).replace(second=0, microsecond=0)
    except ValueError:
        raise SalesforceRefusal("INVALID_REPLICATION_DATE", f"Invalid {name} time: {text[:60]}") from None
