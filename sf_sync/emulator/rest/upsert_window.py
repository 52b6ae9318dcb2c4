"""Opens the race of Salesforce's upsert: which keys of a call are looked up, and not found, before the window."""

from collections.abc import Iterator
from typing import Any

from sf_sync.emulator.coercion import coerce
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.composite import split_url
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.external_ids import find_ids, find_key_field
from sf_sync.emulator.rest.messages import AbsentKeys, ApiRequest
from sf_sync.emulator.table import fold

Upsert = tuple[str, str, Any]
"""(object, field, value) as the call names them."""


def find_absent_keys(context: Context, request: ApiRequest) -> AbsentKeys:
    """The keys that this call would upsert and that no record has now. A malformed call has none."""
    absent = set()
    try:
        for entity, name, value in _list_upserts(request):
            schema = context.org.get_schema(entity)
            field = find_key_field(schema, name)
            stored = coerce(field, value)
            if stored is not None and not find_ids(context.org, schema, field, stored):
                absent.add((schema.name, field.name, str(fold(stored))))
    except SalesforceRefusal:
        return frozenset()
    return frozenset(absent)


def _list_upserts(request: ApiRequest) -> Iterator[Upsert]:
    match (request.method, *request.segments):
        case ("PATCH", "sobjects", entity, name, value):
            yield entity, name, value
        case ("PATCH", "composite", "sobjects", entity, name):
            records = request.read_object().get("records")
            yield from ((entity, name, record.get(name)) for record in _objects(records))
        case ("POST", "composite"):
            yield from _list_subrequests(request.read_object().get("compositeRequest"))
        case ("POST", "composite", "batch"):
            yield from _list_subrequests(request.read_object().get("batchRequests"))


def _list_subrequests(subrequests: Any) -> Iterator[Upsert]:
    for sub in _objects(subrequests):
        url = sub.get("url")
        if sub.get("method") != "PATCH" or not isinstance(url, str) or "@{" in url:
            continue
        _, segments, _ = split_url(url if url.startswith("/") else f"/services/data/{url}")
        if len(segments) == 4 and segments[0] == "sobjects":
            yield segments[1], segments[2], segments[3]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
