"""What the product asks of Salesforce, in the product's words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from sf_sync.client import Lane, SalesforceClient, SubAnswer
from sf_sync.client.answers import parse_page
from sf_sync.client.refusals import find_failure
from sf_sync.errors import (
    AnswerMalformed,
    DuplicateValue,
    NotFound,
    OutcomeUnknown,
    SalesforceError,
    SalesforceRefused,
    TransactionHalted,
)
from sf_sync.objects import account, case, customer_link
from sf_sync.objects import eligibility_request as opening
from sf_sync.objects.account import AccountFacts, EligibilityStatus
from sf_sync.objects.case import OpenedCase, OpenEligibilityCase
from sf_sync.objects.customer_link import CustomerLink
from sf_sync.objects.record_type import parse_record_type_id
from sf_sync.objects.values import get_instant, get_record_id

MAY_BECOME_PENDING = frozenset({EligibilityStatus.NOT_REQUESTED, EligibilityStatus.INELIGIBLE})
"""All other changes of the eligibility status belong to Salesforce."""


class CaseOpened(Struct, frozen=True, kw_only=True):
    """The Case exists and the account was marked with it.

    `is_new` is False when an earlier delivery did it.
    """

    case_id: str
    is_new: bool


class CaseSuperseded(Struct, frozen=True, kw_only=True):
    """Nothing was written: meanwhile the account is in another state, which `facts` tell (None: it is
    gone)."""

    facts: AccountFacts | None


class ChangedAccount(Struct, frozen=True, kw_only=True):
    account_id: str
    modified_at: datetime


class ChangedAccounts(Struct, frozen=True, kw_only=True):
    """One page, oldest change first; deleted accounts are in it. Go on after the last one while
    `has_more`."""

    changes: tuple[ChangedAccount, ...]
    has_more: bool


class Salesforce:
    """Product verbs only. All raise the errors of `sf_sync.errors`; `timeout_s` bounds each call of a
    verb."""

    def __init__(self, client: SalesforceClient) -> None:
        self.client = client
        self._names = client.settings.account_fields
        self._record_type_id: str | None = None

    async def read_accounts(
        self, account_ids: Sequence[str], *, lane: Lane = Lane.CUSTOMER, timeout_s: float | None = None
    ) -> dict[str, AccountFacts | None]:
        """One call for up to 2,000 accounts, by 18-character id; None for one that is missing.

        Raises InvalidRecordId for an id that is no account's: Salesforce would refuse the whole call for it.
        """
        wanted = list(dict.fromkeys(account.parse_account_id(account_id) for account_id in account_ids))
        rows = await self.client.read_rows(
            account.SOBJECT, wanted, account.get_account_fields(self._names), lane=lane, timeout_s=timeout_s
        )
        return {
            account_id: None if row is None else account.parse_account(row, self._names)
            for account_id, row in rows.items()
        }

    async def open_eligibility_case(
        self, command: OpenEligibilityCase, *, timeout_s: float | None = None
    ) -> CaseOpened | CaseSuperseded:
        """One call, all or nothing; after OutcomeUnknown send the same command again later.

        It is safe to send it any number of times: never a second Case, and a decision that was made on the
        first one is never undone. When the account is no longer as expected, one more call looks at it; if
        only the first request's time differs, the change is planned anew, once.
        """
        if command.expected.status not in MAY_BECOME_PENDING:
            raise ValueError(f"the portal may not turn {command.expected.status} into pending")
        command = msgspec.structs.replace(command, account_id=account.parse_account_id(command.account_id))
        halt = await self._open(command, timeout_s)
        if isinstance(halt, CaseOpened):
            return halt
        found = await self._look(command, timeout_s)
        anew = _plan_anew(command, found)
        if anew is None:
            return found
        halt = await self._open(anew, timeout_s)
        if isinstance(halt, CaseOpened):
            return halt
        raise halt

    async def find_eligibility_case(
        self, request_id: UUID, *, timeout_s: float | None = None
    ) -> OpenedCase | None:
        """The Case that an earlier delivery of this request opened; one call."""
        rows = await self.client.query(
            case.format_case_query(request_id), lane=Lane.GATE, timeout_s=timeout_s
        )
        return case.parse_opened_case(rows[0], request_id) if rows else None

    async def find_customer_links(
        self, customer_ids: Sequence[UUID], *, timeout_s: float | None = None
    ) -> dict[UUID, CustomerLink]:
        """The Account and Contact of each customer that has an Account; two calls in the background lane."""
        soql = customer_link.format_accounts_query(customer_ids)
        accounts = await self.client.query(soql, lane=Lane.BACKGROUND, timeout_s=timeout_s)
        if not accounts:
            return {}
        account_ids = [get_record_id(row, "Id", prefix=account.KEY_PREFIX) for row in accounts]
        soql = customer_link.format_contacts_query(account_ids)
        contacts = await self.client.query(soql, lane=Lane.BACKGROUND, timeout_s=timeout_s)
        return customer_link.parse_links(accounts, contacts)

    async def list_changed_accounts(
        self,
        since: datetime,
        *,
        after_id: str | None = None,
        limit: int = 2000,
        timeout_s: float | None = None,
    ) -> ChangedAccounts:
        """Accounts changed after (`since`, `after_id`) in the order of (SystemModstamp, Id).

        One call in the background lane. With `after_id` also those changed in the same instant with a greater
        id.
        """
        soql = account.format_changes_query(since, after_id, limit)
        rows = await self.client.query(soql, lane=Lane.BACKGROUND, timeout_s=timeout_s, deleted=True)
        changes = tuple(
            ChangedAccount(
                account_id=get_record_id(row, "Id", prefix=account.KEY_PREFIX),
                modified_at=get_instant(row, "SystemModstamp"),
            )
            for row in rows
        )
        return ChangedAccounts(changes=changes, has_more=len(changes) >= limit)

    async def _open(
        self, command: OpenEligibilityCase, timeout_s: float | None
    ) -> CaseOpened | SalesforceRefused:
        """Returns what calls for a look at the account; raises every other failure."""
        answers = await self._send_opening(command, timeout_s)
        failure = find_failure(answers)
        if failure is not None and self._is_about_record_type(failure):
            self._record_type_id = None
            answers = await self._send_opening(command, timeout_s)
            failure = find_failure(answers)
        if isinstance(failure, TransactionHalted | DuplicateValue | NotFound):
            return failure
        if failure is not None:
            raise failure
        return self._read_success(answers)

    async def _send_opening(self, command: OpenEligibilityCase, timeout_s: float | None) -> list[SubAnswer]:
        steps = opening.plan_opening(command, record_type_id=self._record_type_id, names=self._names)
        return await self.client.composite(steps, idempotent=False, lane=Lane.GATE, timeout_s=timeout_s)

    def _is_about_record_type(self, failure: SalesforceError) -> bool:
        """The remembered id is another org's: sandboxes get new ones when they are refreshed."""
        return (
            self._record_type_id is not None
            and isinstance(failure, SalesforceRefused)
            and failure.code == "INVALID_CROSS_REFERENCE_KEY"
        )

    def _read_success(self, answers: Sequence[SubAnswer]) -> CaseOpened:
        try:
            case_id, is_new = opening.parse_case_answer(answers)
            self._learn_record_type(answers)
        except AnswerMalformed as error:
            raise OutcomeUnknown("Salesforce did the call but does not say what it made") from error
        return CaseOpened(case_id=case_id, is_new=is_new)

    def _learn_record_type(self, answers: Sequence[SubAnswer]) -> None:
        for answer in answers:
            if answer.reference_id == opening.RECORD_TYPE:
                name = f"{case.SOBJECT}.{case.ELIGIBILITY_RECORD_TYPE}"
                self._record_type_id = parse_record_type_id(_get_rows(answer), name=name)

    async def _look(
        self, command: OpenEligibilityCase, timeout_s: float | None
    ) -> CaseOpened | CaseSuperseded:
        """Why an opening was halted. Raises SalesforceMisconfigured when the record type is what was
        missing."""
        steps = opening.plan_look(command, with_record_type=self._record_type_id is None, names=self._names)
        answers = await self.client.composite(
            steps, all_or_none=False, idempotent=True, lane=Lane.GATE, timeout_s=timeout_s
        )
        failure = find_failure(answers)
        if failure is not None:
            raise failure
        self._learn_record_type(answers)
        cases, accounts = _get_rows(answers[0]), _get_rows(answers[1])
        if cases:
            opened = case.parse_opened_case(cases[0], command.request_id)
            return CaseOpened(case_id=opened.case_id, is_new=False)
        return CaseSuperseded(facts=account.parse_account(accounts[0], self._names) if accounts else None)


def _get_rows(answer: SubAnswer) -> list[dict[str, Any]]:
    return parse_page(answer.body)[0]


def _plan_anew(
    command: OpenEligibilityCase, found: CaseOpened | CaseSuperseded
) -> OpenEligibilityCase | None:
    """The command on the account as it is now; None when the decision behind the command no longer stands.

    After a refusal another Case means another refusal, perhaps of the very address that is asked for.
    """
    if isinstance(found, CaseOpened) or found.facts is None:
        return None
    expected, actual = command.expected, found.facts.eligibility
    if actual.status is not expected.status:
        return None
    if actual.status is EligibilityStatus.INELIGIBLE and actual.case_id != expected.case_id:
        return None
    return msgspec.structs.replace(command, expected=actual)
