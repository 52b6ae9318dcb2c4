"""The composite that opens an eligibility Case and marks its Account: one call, one transaction.

Steps, in this order and not collated:

1. `recordType`  query, only while the record type's id is not known yet;
2. `guard`       query that finds the account only in the state which the decision was made on;
3. `case`        upsert by our request id, under the account that the guard found;
4. `recheck`     the guard again: the Case holds a lock on its account by now, so what this reads stays true;
5. `account`     the change, to the account that the recheck found.

A guard that finds nothing leaves a reference without a value; that halts its step and rolls back all.
"""

from collections.abc import Sequence
from urllib.parse import quote

from sf_sync.client.wire import SubAnswer, Subrequest
from sf_sync.errors import AnswerMalformed
from sf_sync.ids import is_record_id
from sf_sync.objects import account, case
from sf_sync.objects.case import OpenEligibilityCase
from sf_sync.objects.record_type import format_record_type_query
from sf_sync.settings import AccountFieldNames

RECORD_TYPE = "recordType"
GUARD = "guard"
CASE = "case"
RECHECK = "recheck"
ACCOUNT = "account"


def plan_opening(
    command: OpenEligibilityCase, *, record_type_id: str | None, names: AccountFieldNames
) -> list[Subrequest]:
    guard = account.format_guard(command.account_id, command.expected, names)
    body = case.format_case(
        command,
        account_id=_refer(GUARD),
        record_type_id=record_type_id or _refer(RECORD_TYPE),
    )
    change = account.format_pending(
        command.expected, requested_at=command.requested_at, case_id=f"@{{{CASE}.id}}", names=names
    )
    steps = [
        _query(GUARD, guard),
        Subrequest(
            method="PATCH", path=case.format_case_path(command.request_id), reference_id=CASE, body=body
        ),
        _query(RECHECK, guard),
        Subrequest(
            method="PATCH", path=f"sobjects/Account/{_refer(RECHECK)}", reference_id=ACCOUNT, body=change
        ),
    ]
    return steps if record_type_id else [plan_record_type_query(), *steps]


def plan_look(
    command: OpenEligibilityCase, *, with_record_type: bool, names: AccountFieldNames
) -> list[Subrequest]:
    """Reads, in one call, everything that tells why an opening was halted."""
    steps = [
        _query(CASE, case.format_case_query(command.request_id)),
        _query(ACCOUNT, account.format_account_query(command.account_id, names)),
    ]
    return [*steps, plan_record_type_query()] if with_record_type else steps


def plan_record_type_query() -> Subrequest:
    return _query(RECORD_TYPE, format_record_type_query(case.SOBJECT, case.ELIGIBILITY_RECORD_TYPE))


def parse_case_answer(answers: Sequence[SubAnswer]) -> tuple[str, bool]:
    """The Case's id and whether it is new. Raises AnswerMalformed."""
    answer = next(answer for answer in answers if answer.reference_id == CASE)
    body = answer.body if isinstance(answer.body, dict) else {}
    case_id = body.get("id")
    if not isinstance(case_id, str) or not is_record_id(case_id, prefix=case.KEY_PREFIX):
        raise AnswerMalformed("the Case's answer names no Case")
    return case_id, answer.status == 201


def _query(reference_id: str, soql: str) -> Subrequest:
    return Subrequest(method="GET", path=f"query?q={quote(soql, safe='')}", reference_id=reference_id)


def _refer(reference_id: str) -> str:
    return f"@{{{reference_id}.records[0].Id}}"
