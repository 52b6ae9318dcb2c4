"""`/sobjects/ContentVersion/<id>/VersionData`: the bytes of a version."""

from collections.abc import Sequence

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest
from sf_sync.emulator.rest.rows import parse_id

_FIELD = "VersionData"


def is_content(segments: Sequence[str]) -> bool:
    """Whether the resource (what follows the version in the path) answers with bytes and not with JSON."""
    match segments:
        case ["sobjects", entity, record_id, field]:
            return (entity.lower(), field.lower()) == ("contentversion", "versiondata") and record_id[
                :3
            ] == "068"
    return False


def read_content(context: Context, request: ApiRequest) -> ApiAnswer:
    schema = context.org.get_schema("ContentVersion")
    row = context.org.get(schema.name, parse_id(schema, request.segments[2]))
    content = context.org.blobs.read(row[_FIELD])
    return ApiAnswer(body=content, headers={"Content-Type": "application/octetstream"})


def refuse_content(segments: Sequence[str], carrier: str) -> None:
    """Raises SalesforceRefusal when bytes are asked for inside an answer of JSON."""
    if is_content(segments):
        message = f"Resource not supported in a {carrier}: {'/'.join(segments)}"
        raise SalesforceRefusal("INVALID_INPUT", message)
