"""The composite that places an order through its gate: one call, one transaction.

Steps, in this order and not collated:

1. `offers`   query that finds every offer of the order while it is for sale at the price that the customer saw;
2. `guard`    query that finds the account, with its facts, only while it may order;
3. `order`    the order itself, for the account that the guard found and in the price book of the last offer: with
              one offer missing there is no last one;
4. `recheck`  query that finds the order only while its account may still order: the order holds a lock on its
              account by now, so what this reads stays true;
5. `line…`    the lines, on the order that the recheck found.

Whatever finds nothing leaves a reference without a value; that halts its step and rolls back all. The order is
inserted, never upserted: a second delivery of it is refused by its unique id and cannot add its lines twice.
"""

from collections.abc import Callable, Sequence
from urllib.parse import quote

from simple_salesforce.format import format_soql

from sf_sync.client.answers import parse_page
from sf_sync.client.wire import SubAnswer, Subrequest
from sf_sync.errors import AnswerMalformed
from sf_sync.ids import is_record_id
from sf_sync.objects import account, account_gate, order
from sf_sync.objects.account import AccountFacts
from sf_sync.objects.order import PlaceOrder
from sf_sync.settings import SalesforceSettings

OFFERS = "offers"
GUARD = "guard"
ORDER = "order"
RECHECK = "recheck"
ACCOUNT = "account"

PlanPlacement = Callable[[PlaceOrder, SalesforceSettings], list[Subrequest]]


def plan_placement(command: PlaceOrder, settings: SalesforceSettings) -> list[Subrequest]:
    names = settings.account_fields
    guard = account_gate.format_gate_query(command.account_id, command.may_order, names)
    recheck = order.format_order_query(
        command.order_id,
        format_soql("AccountId = {}", command.account_id),
        *account_gate.format_gate(command.may_order, names, path="Account."),
    )
    body = order.format_order(
        command,
        account_id=f"@{{{GUARD}.records[0].Id}}",
        pricebook_id=f"@{{{OFFERS}.records[{len(command.lines) - 1}].Pricebook2Id}}",
        settings=settings.offers,
    )
    return [
        _query(OFFERS, order.format_offers_query(command.lines)),
        _query(GUARD, guard),
        Subrequest(method="POST", path=f"sobjects/{order.SOBJECT}", reference_id=ORDER, body=body),
        _query(RECHECK, recheck),
        *_plan_lines(command),
    ]


def _plan_lines(command: PlaceOrder) -> list[Subrequest]:
    return [
        Subrequest(
            method="POST",
            path=f"sobjects/{order.LINE_SOBJECT}",
            reference_id=f"line{number}",
            body=order.format_line(line, order_id=f"@{{{RECHECK}.records[0].Id}}"),
        )
        for number, line in enumerate(command.lines)
    ]


def plan_look(command: PlaceOrder, settings: SalesforceSettings) -> list[Subrequest]:
    """Reads, in one call, everything that tells why a placement was halted."""
    return [
        _query(ORDER, order.format_order_query(command.order_id)),
        _query(ACCOUNT, account.format_account_query(command.account_id, settings.account_fields)),
        _query(OFFERS, order.format_offers_query(command.lines)),
    ]


def parse_order_id(answers: Sequence[SubAnswer]) -> str:
    """Of the order that was inserted. Raises AnswerMalformed."""
    body = _get_answer(answers, ORDER).body
    record_id = body.get("id") if isinstance(body, dict) else None
    if not isinstance(record_id, str) or not is_record_id(record_id, prefix=order.KEY_PREFIX):
        raise AnswerMalformed("the order's answer names no order")
    return record_id


def parse_guarded_account(
    answers: Sequence[SubAnswer], command: PlaceOrder, settings: SalesforceSettings
) -> AccountFacts:
    """What the guard read of the account. Raises AnswerMalformed, also for another account's row."""
    rows = parse_page(_get_answer(answers, GUARD).body)[0]
    facts = account.parse_account(rows[0], settings.account_fields) if rows else None
    if facts is None or facts.account_id != command.account_id:
        raise AnswerMalformed("the guard's row is another account's")
    return facts


def _get_answer(answers: Sequence[SubAnswer], reference_id: str) -> SubAnswer:
    return next(answer for answer in answers if answer.reference_id == reference_id)


def _query(reference_id: str, soql: str) -> Subrequest:
    return Subrequest(method="GET", path=f"query?q={quote(soql, safe='')}", reference_id=reference_id)
