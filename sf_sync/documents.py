"""What the product asks of Salesforce about identity documents, in the product's words."""

import asyncio
from uuid import UUID

from msgspec import Struct, structs

from sf_sync.client import Lane, SalesforceClient, SubAnswer
from sf_sync.client.answers import parse_page
from sf_sync.client.refusals import find_failure
from sf_sync.errors import AnswerMalformed, DuplicateValue, NotFound, OutcomeUnknown, TransactionHalted
from sf_sync.objects import account, document
from sf_sync.objects import document_submission as submission
from sf_sync.objects.account import AccountFacts
from sf_sync.objects.document import StoredDocument
from sf_sync.objects.document_submission import SubmitDocument

SEND_TIMEOUT_S = 30.0
"""A document of 10 MiB is 14 MiB on the wire; the ordinary timeout is for small calls."""

_IN_MEMORY = 2


class DocumentStored(Struct, frozen=True, kw_only=True):
    """Salesforce holds the version, and the account is marked with it."""

    stored: StoredDocument


class DocumentSuperseded(Struct, frozen=True, kw_only=True):
    """Nothing was written: meanwhile the account is in another state, which `facts` tell (None: it is gone)."""

    facts: AccountFacts | None


class Documents:
    """All verbs raise the errors of `sf_sync.errors`."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._names = client.settings.account_fields
        self.turns = asyncio.Semaphore(_IN_MEMORY)
        """Hold one from reading a document into memory until it is sent."""

    async def submit(self, command: SubmitDocument) -> DocumentStored | DocumentSuperseded:
        """One call, all or nothing; after OutcomeUnknown ask with `find` before sending the same command again.

        When the account is no longer as expected, one more call looks at it. When its document was deleted in
        Salesforce, one more call begins another.
        """
        command = structs.replace(command, account_id=account.parse_account_id(command.account_id))
        answers = await self._send(command)
        if submission.is_document_gone(command, answers):
            answers = await self._send(structs.replace(command, begins_document=True))
        failure = find_failure(answers)
        if isinstance(failure, TransactionHalted | DuplicateValue | NotFound):
            return await self._look(command)
        if failure is not None:
            raise failure
        try:
            return DocumentStored(stored=submission.parse_submission(answers))
        except AnswerMalformed as error:
            raise OutcomeUnknown("Salesforce did the call but does not say what it stored") from error

    async def find(self, upload_id: UUID) -> StoredDocument | None:
        """The version that an earlier delivery of this upload stored; one call."""
        rows = await self._client.query(document.format_version_query(upload_id), lane=Lane.CUSTOMER)
        return document.parse_stored_document(rows[0]) if rows else None

    async def _send(self, command: SubmitDocument) -> list[SubAnswer]:
        steps = submission.plan_submission(command, names=self._names)
        return await self._client.composite(
            steps, idempotent=False, lane=Lane.CUSTOMER, timeout_s=SEND_TIMEOUT_S
        )

    async def _look(self, command: SubmitDocument) -> DocumentStored | DocumentSuperseded:
        """Why a submission was halted."""
        steps = submission.plan_look(command, names=self._names)
        answers = await self._client.composite(steps, all_or_none=False, idempotent=True, lane=Lane.CUSTOMER)
        failure = find_failure(answers)
        if failure is not None:
            raise failure
        versions, accounts = (parse_page(answer.body)[0] for answer in answers)
        if versions:
            return DocumentStored(stored=document.parse_stored_document(versions[0]))
        return DocumentSuperseded(facts=account.parse_account(accounts[0], self._names) if accounts else None)
