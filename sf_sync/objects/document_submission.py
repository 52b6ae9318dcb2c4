"""The composite that stores a document and marks its Account submitted: one call, one transaction.

Steps, in this order and not collated:

1. `guard`    query that finds the account only in the state which the decision was made on;
2. `version`  the file: a first version that appears on the account, or the next version of the same document;
3. `stored`   the version read back, for its checksum and its document;
4. `recheck`  the guard again, as late as a query can stand;
5. `account`  submitted, with its time; an earlier rejection's message and note go in the same commit.

A guard that finds nothing leaves a reference without a value; that halts its step and rolls back all. A verdict which a
reviewer gave meanwhile is never overwritten.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from sf_sync.client.answers import parse_page
from sf_sync.client.refusals import find_code
from sf_sync.client.wire import SubAnswer, Subrequest
from sf_sync.errors import AnswerMalformed
from sf_sync.objects import account, account_verification, document
from sf_sync.objects.account import VerificationFacts
from sf_sync.objects.document import DocumentFile, StoredDocument
from sf_sync.settings import AccountFieldNames

GUARD = "guard"
VERSION = "version"
STORED = "stored"
RECHECK = "recheck"
ACCOUNT = "account"

_GONE = frozenset({"INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"})


class SubmitDocument(Struct, frozen=True, kw_only=True):
    """Store a document for review.

    `expected` are the facts that the decision was made on: the account is changed only while its status, its document
    and the version under review are still these.
    """

    account_id: str
    file: DocumentFile
    submitted_at: datetime
    expected: VerificationFacts
    begins_document: bool = False
    """The document that the account names is gone from Salesforce: the file begins another."""


def plan_submission(command: SubmitDocument, *, names: AccountFieldNames) -> list[Subrequest]:
    guard = account_verification.format_guard(command.account_id, command.expected, names)
    change = account_verification.format_submitted(
        submitted_at=command.submitted_at,
        document_id=f"@{{{STORED}.records[0].ContentDocumentId}}",
        version_id=f"@{{{VERSION}.id}}",
        names=names,
    )
    return [
        _query(GUARD, guard),
        Subrequest(
            method="POST",
            path=f"sobjects/{document.SOBJECT}",
            reference_id=VERSION,
            body=document.format_version(command.file) | _format_place(command, names),
        ),
        _query(STORED, document.format_version_query(command.file.upload_id)),
        _query(RECHECK, guard),
        Subrequest(
            method="PATCH",
            path=f"sobjects/Account/@{{{RECHECK}.records[0].Id}}",
            reference_id=ACCOUNT,
            body=change,
        ),
    ]


def plan_look(command: SubmitDocument, *, names: AccountFieldNames) -> list[Subrequest]:
    """Reads, in one call, everything that tells why a submission was halted."""
    return [
        _query(STORED, document.format_version_query(command.file.upload_id)),
        _query(ACCOUNT, account.format_account_query(command.account_id, names)),
    ]


def parse_submission(answers: Sequence[SubAnswer]) -> StoredDocument:
    """Raises AnswerMalformed."""
    answer = next(answer for answer in answers if answer.reference_id == STORED)
    rows = parse_page(answer.body)[0]
    if len(rows) != 1:
        raise AnswerMalformed("the stored version was not found once")
    return document.parse_stored_document(rows[0])


def is_document_gone(command: SubmitDocument, answers: Sequence[SubAnswer]) -> bool:
    """Whether the file was refused because somebody has deleted the document that it should be a version of."""
    if command.expected.document_id is None or command.begins_document:
        return False
    return any(answer.reference_id == VERSION and find_code(answer.body) in _GONE for answer in answers)


def _format_place(command: SubmitDocument, names: AccountFieldNames) -> dict[str, Any]:
    """Both places come out of the guard, so that a halted guard halts the file too."""
    if command.expected.document_id is None or command.begins_document:
        return {"FirstPublishLocationId": f"@{{{GUARD}.records[0].Id}}"}
    return {"ContentDocumentId": f"@{{{GUARD}.records[0].{names.verification_document_id}}}"}


def _query(reference_id: str, soql: str) -> Subrequest:
    return Subrequest(method="GET", path=f"query?q={quote(soql, safe='')}", reference_id=reference_id)
