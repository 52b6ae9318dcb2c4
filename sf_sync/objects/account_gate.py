"""The part of Account that an order's gate asks for: conditions that find the account only while it may order."""

from collections.abc import Mapping, Set
from typing import TypeVar

from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.objects.account import (
    ELIGIBILITY_PICKLIST,
    VERIFICATION_PICKLIST,
    EligibilityStatus,
    VerificationStatus,
    get_account_fields,
)
from sf_sync.settings import AccountFieldNames

Status = TypeVar("Status", EligibilityStatus, VerificationStatus)


class MayOrder(Struct, frozen=True, kw_only=True):
    """What must hold of an account at the moment of its order. A fact that the order does not need is None; each member
    of `results` names the eligibility results that one of its offers is for.
    """

    eligibility: frozenset[EligibilityStatus] | None = None
    verification: frozenset[VerificationStatus] | None = None
    results: tuple[tuple[str, ...], ...] = ()


def format_gate_query(account_id: str, may_order: MayOrder, names: AccountFieldNames) -> str:
    """SOQL that finds the account, with all its facts, only while it may order."""
    conditions = format_gate(may_order, names)
    fields = ", ".join(get_account_fields(names))
    where = " AND ".join((format_soql("Id = {}", account_id), *conditions))
    return format_soql("SELECT {:literal} FROM Account WHERE {:literal}", fields, where)


def format_gate(may_order: MayOrder, names: AccountFieldNames, *, path: str = "") -> list[str]:
    """The conditions one by one; `path` leads to the account (`Account.`) in a query of another object.

    Raises ValueError when nothing at all is asked for, or an unknown status would do.
    """
    conditions = []
    if may_order.eligibility is not None:
        field = path + names.eligibility_status
        conditions.append(
            _format_statuses(
                field, may_order.eligibility, ELIGIBILITY_PICKLIST, empty=EligibilityStatus.NOT_REQUESTED
            )
        )
    if may_order.verification is not None:
        field = path + names.verification_status
        conditions.append(
            _format_statuses(
                field, may_order.verification, VERIFICATION_PICKLIST, empty=VerificationStatus.NOT_SUBMITTED
            )
        )
    if not conditions:
        raise ValueError("an order that needs nothing of its account has no gate")
    field = path + names.eligibility_result
    conditions += [field + format_soql(" IN {}", list(results)) for results in may_order.results]
    return conditions


def _format_statuses(
    field: str, wanted: Set[Status], picklist: Mapping[str, Status], *, empty: Status
) -> str:
    spellings = [text for text, status in picklist.items() if status in wanted]
    if len(spellings) != len(wanted):
        raise ValueError("an unknown status is none to order on")
    condition = field + format_soql(" IN {}", spellings)
    return f"({condition} OR {field} = null)" if empty in wanted else condition
