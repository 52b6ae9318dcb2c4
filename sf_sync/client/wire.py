"""The shapes that go to Salesforce and come back, and what a raw answer means."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct


class RawAnswer(Struct, frozen=True, kw_only=True):
    """An HTTP answer as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Answer(Struct, frozen=True, kw_only=True):
    """A success. `body` is parsed JSON (any shape: check it), the bytes of a document, None for an empty body."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Subrequest(Struct, frozen=True, kw_only=True):
    """One step of a composite call.

    `path` is relative to the version (`sobjects/Account/…`); it and `body` may hold references `@{id.field}`,
    so text that a customer wrote must pass through `escape_references` first.
    """

    method: str
    path: str
    reference_id: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


class SubAnswer(Struct, frozen=True, kw_only=True):
    """What one step answered. `status` is the step's own; the composite's is always 200."""

    reference_id: str
    status: int
    body: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def is_document(raw: RawAnswer) -> bool:
    """The bytes of a file: Salesforce sends them as `application/octetstream`."""
    return 200 <= raw.status < 300 and raw.headers.get("content-type", "").startswith("application/octet")


class NotJson(Exception):
    """The body is no JSON: a page of the edge, or an answer cut short."""


def parse_json(content: bytes) -> Any:
    """None for an empty body. Raises NotJson."""
    if not content.strip():
        return None
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson from error


def escape_references(text: str) -> str:
    """Text that a composite leaves alone.

    Salesforce resolves `@{…}` anywhere in a step's body and has no escape for it: a customer's note with such
    a reference would read another step's answer, or halt the whole call for ever. A space keeps it readable.
    """
    return text.replace("@{", "@ {")


def format_composite(
    subrequests: Sequence[Subrequest], *, all_or_none: bool, data_path: str
) -> dict[str, Any]:
    """Not collated: Salesforce may otherwise run steps that do not refer to each other in another order."""
    return {
        "allOrNone": all_or_none,
        "collateSubrequests": False,
        "compositeRequest": [_format_step(step, data_path) for step in subrequests],
    }


def _format_step(step: Subrequest, data_path: str) -> dict[str, Any]:
    formatted: dict[str, Any] = {
        "method": step.method,
        "url": f"{data_path}/{step.path}",
        "referenceId": step.reference_id,
    }
    if step.body is not None:
        formatted["body"] = dict(step.body)
    if step.headers is not None:
        formatted["httpHeaders"] = dict(step.headers)
    return formatted


def find_sub_answers(body: Any, subrequests: Sequence[Subrequest]) -> list[SubAnswer] | None:
    """The answers in the order of the steps; None unless there is exactly one well-formed answer for each."""
    rows = body.get("compositeResponse") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return None
    answers = {row["referenceId"]: _parse_step(row) for row in rows if _is_step(row)}
    wanted = [step.reference_id for step in subrequests]
    if len(rows) != len(wanted) or set(answers) != set(wanted):
        return None
    return [answers[reference_id] for reference_id in wanted]


def _is_step(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("referenceId"), str)
        and isinstance(row.get("httpStatusCode"), int)
    )


def _parse_step(row: dict[str, Any]) -> SubAnswer:
    return SubAnswer(reference_id=row["referenceId"], status=row["httpStatusCode"], body=row.get("body"))
