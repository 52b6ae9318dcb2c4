"""What a raw answer means: a success of the documented shape, or an error of the tree."""

from collections.abc import Sequence
from typing import Any

from sf_sync.client.refusals import find_code, find_failure, parse_refusal
from sf_sync.client.wire import Answer, NotJson, RawAnswer, SubAnswer, Subrequest, is_document, parse_json
from sf_sync.errors import AnswerMalformed, OutcomeUnknown, SalesforceError, SalesforceUnavailable


def parse_answer(raw: RawAnswer, *, idempotent: bool) -> Answer | SalesforceError:
    """Never raises. `idempotent` decides whether an answer that says nothing leaves the outcome unknown."""
    if 300 < raw.status < 400:
        return AnswerMalformed(f"Salesforce redirects ({raw.status}): SALESFORCE_URL is not its API address")
    if is_document(raw):
        return Answer(status=raw.status, body=raw.content, headers=raw.headers)
    try:
        body = parse_json(raw.content)
    except NotJson:
        return _judge_page(raw.status, idempotent=idempotent)
    if 200 <= raw.status < 300:
        return Answer(status=raw.status, body=body, headers=raw.headers)
    if raw.status >= 500 and find_code(body) is None:
        return _judge_page(raw.status, idempotent=idempotent)
    return parse_refusal(raw.status, body)


def _judge_page(status: int, *, idempotent: bool) -> SalesforceError:
    """HTML, half an answer, or a server error without a code: nobody knows what happened behind it.

    A 4xx page comes from the edge, which refuses before it passes anything on.
    """
    text = f"Salesforce answered {status} without an answer of its own"
    if idempotent or 400 <= status < 500:
        return SalesforceUnavailable(text)
    return OutcomeUnknown(text)


def parse_page(body: Any) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of one query page and the address of the next. Raises AnswerMalformed."""
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerMalformed("a query's answer has no list of records")
    if body.get("done") is True:
        return rows, None
    more = body.get("nextRecordsUrl")
    if not isinstance(more, str):
        raise AnswerMalformed("a query's answer is not done and names no next page")
    return rows, more


def pair_rows(ids: Sequence[str], body: Any) -> dict[str, dict[str, Any] | None]:
    """The rows of a collections read by id. Raises AnswerMalformed for any row that nobody asked for."""
    if not isinstance(body, list) or len(body) != len(ids):
        raise AnswerMalformed("the answer has not one row for each id")
    for wanted, row in zip(ids, body, strict=True):
        if row is not None and (not isinstance(row, dict) or row.get("Id") != wanted):
            raise AnswerMalformed("a row is another record than the one asked for")
    return dict(zip(ids, body, strict=True))


def is_half_done(subrequests: Sequence[Subrequest], answers: Sequence[SubAnswer]) -> bool:
    """A write that succeeded beside a step that failed: all-or-none forbids it, so the answer cannot be
    trusted."""
    has_written = any(
        answer.is_success and step.method != "GET" for step, answer in zip(subrequests, answers, strict=True)
    )
    return has_written and find_failure(answers) is not None
