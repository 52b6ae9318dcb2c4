"""The composite that moves a document from elsewhere into Salesforce Files, with the verdict that it already has.

Steps, in this order and not collated: `guard` finds the account only while it is as it was read; `version` the file;
`stored` the version read back; `recheck` the guard as late as a query can stand; `account` what the document says of
it. A version beside the account's document (`Place.APART`) leaves the account as it is and has no last two steps.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.client.answers import parse_page
from sf_sync.client.wire import SubAnswer, Subrequest, escape_references
from sf_sync.errors import AnswerMalformed
from sf_sync.objects import document
from sf_sync.objects.account import VERIFICATION_PICKLIST, AccountFacts, VerificationStatus
from sf_sync.objects.document import DocumentFile, StoredDocument
from sf_sync.objects.values import Row, format_instant, get_record_id, get_value
from sf_sync.settings import AccountFieldNames

GUARD = "guard"
VERSION = "version"
STORED = "stored"
RECHECK = "recheck"
ACCOUNT = "account"


class Place(StrEnum):
    """Where a moved document goes on its account."""

    FIRST = "first"
    NEXT = "next"
    APART = "apart"


class Judgement(Struct, frozen=True, kw_only=True):
    """What is known of a document beside its bytes. `status` is never UNKNOWN or NOT_SUBMITTED."""

    status: VerificationStatus
    submitted_at: datetime
    decided_at: datetime
    note: str | None = None
    message: str | None = None


class TransferDocument(Struct, frozen=True, kw_only=True):
    """`expected` is the account as it was read; `judgement` None leaves its status as it is."""

    file: DocumentFile
    expected: AccountFacts
    place: Place
    judgement: Judgement | None


def plan_transfer(command: TransferDocument, *, names: AccountFieldNames) -> list[Subrequest]:
    guard = format_unchanged(command.expected, names)
    steps = [
        make_query(GUARD, guard),
        Subrequest(
            method="POST",
            path=f"sobjects/{document.SOBJECT}",
            reference_id=VERSION,
            body=document.format_version(command.file) | _format_place(command, names),
        ),
        make_query(STORED, document.format_version_query(command.file.upload_id)),
    ]
    if command.place is Place.APART:
        return steps
    return [*steps, make_query(RECHECK, guard), _make_change(_format_change(command, names))]


def plan_judgement(
    expected: AccountFacts, judgement: Judgement, *, names: AccountFieldNames
) -> list[Subrequest]:
    """The status alone, about the document that the account already has."""
    version_id = expected.verification.submitted_version_id
    change = format_judgement(judgement, version_id, names)
    return [make_query(RECHECK, format_unchanged(expected, names)), _make_change(change)]


def format_unchanged(expected: AccountFacts, names: AccountFieldNames) -> str:
    """SOQL that finds the account only while nobody has changed it since it was read.

    The modification time has whole seconds in a real org, so the fields that a change could be about are asked for too.
    """
    facts = expected.verification
    return format_soql(
        "SELECT Id, {:literal} FROM Account WHERE Id = {} AND SystemModstamp = {:literal}"
        " AND {:literal} AND {:literal}",
        names.verification_document_id,
        expected.account_id,
        format_instant(expected.modified_at),
        _format_id(names.verification_document_id, facts.document_id),
        _format_id(names.verification_submitted_version_id, facts.submitted_version_id),
    )


def format_judgement(
    judgement: Judgement, version_id: str | None, names: AccountFieldNames
) -> dict[str, Any]:
    status = judgement.status
    is_decided = status is not VerificationStatus.SUBMITTED
    is_rejected = status is VerificationStatus.REJECTED
    spelling = next(text for text, meant in VERIFICATION_PICKLIST.items() if meant is status)
    verified_at = format_instant(judgement.decided_at) if status is VerificationStatus.VERIFIED else None
    message = escape_references(judgement.message) if judgement.message and is_rejected else None
    return {
        names.verification_status: spelling,
        names.verification_submitted_at: format_instant(judgement.submitted_at),
        names.verification_verified_at: verified_at,
        names.verification_submitted_version_id: version_id,
        names.verification_reviewed_version_id: version_id if is_decided else None,
        names.verification_rejection_message: message,
        names.verification_note: escape_references(judgement.note) if judgement.note and is_decided else None,
    }


def parse_transfer(answers: Sequence[SubAnswer]) -> StoredDocument:
    """Raises AnswerMalformed."""
    answer = next(answer for answer in answers if answer.reference_id == STORED)
    rows = parse_page(answer.body)[0]
    if len(rows) != 1:
        raise AnswerMalformed("the stored version was not found once")
    return document.parse_stored_document(rows[0])


def make_query(reference_id: str, soql: str) -> Subrequest:
    return Subrequest(method="GET", path=f"query?q={quote(soql, safe='')}", reference_id=reference_id)


def _make_change(change: dict[str, Any]) -> Subrequest:
    path = f"sobjects/Account/@{{{RECHECK}.records[0].Id}}"
    return Subrequest(method="PATCH", path=path, reference_id=ACCOUNT, body=change)


def _format_place(command: TransferDocument, names: AccountFieldNames) -> dict[str, Any]:
    """Out of the guard, so that a halted guard halts the file too."""
    if command.place is Place.NEXT:
        return {"ContentDocumentId": f"@{{{GUARD}.records[0].{names.verification_document_id}}}"}
    return {"FirstPublishLocationId": f"@{{{GUARD}.records[0].Id}}"}


def _format_change(command: TransferDocument, names: AccountFieldNames) -> dict[str, Any]:
    document_id = {names.verification_document_id: f"@{{{STORED}.records[0].ContentDocumentId}}"}
    version_id = f"@{{{VERSION}.id}}"
    if command.judgement is None:
        return document_id
    return document_id | format_judgement(command.judgement, version_id, names)


def _format_id(field: str, record_id: str | None) -> str:
    """A text field may hold either form of the id."""
    if record_id is None:
        return f"{field} = null"
    return field + format_soql(" IN {}", [record_id, record_id[:15]])


class FiledVersion(Struct, frozen=True, kw_only=True):
    """A version as an inventory finds it. `checksum` is the MD5 of its bytes in lower-case hex; `upload_id` our name
    for it, None for a file that somebody else put there.
    """

    version_id: str
    document_id: str
    checksum: str
    size: int
    upload_id: str | None
    is_latest: bool
    number: int


class FiledLink(Struct, frozen=True, kw_only=True):
    """A document shown on an account."""

    link_id: str
    account_id: str
    document_id: str


_VERSION_FIELDS = "Id, ContentDocumentId, Checksum, ContentSize, Portal_Upload_Id__c, IsLatest, VersionNumber"


def format_links_query(account_ids: Iterable[str]) -> str:
    return format_soql(
        "SELECT Id, LinkedEntityId, ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId IN {}",
        list(account_ids),
    )


def format_document_links_query(document_ids: Iterable[str]) -> str:
    return format_soql(
        "SELECT Id, LinkedEntityId, ContentDocumentId FROM ContentDocumentLink WHERE ContentDocumentId IN {}",
        list(document_ids),
    )


def format_versions_query(field: str, values: Iterable[str]) -> str:
    """`field` is ContentDocumentId or Portal_Upload_Id__c."""
    return format_soql(
        "SELECT {:literal} FROM ContentVersion WHERE {:literal} IN {}", _VERSION_FIELDS, field, list(values)
    )


def parse_link(row: Row) -> FiledLink:
    """Raises AnswerMalformed."""
    return FiledLink(
        link_id=get_record_id(row, "Id"),
        account_id=get_record_id(row, "LinkedEntityId"),
        document_id=get_record_id(row, "ContentDocumentId", prefix=document.DOCUMENT_KEY_PREFIX),
    )


def parse_version(row: Row) -> FiledVersion:
    """Raises AnswerMalformed."""
    stored = document.parse_stored_document(row)
    return FiledVersion(
        version_id=stored.version_id,
        document_id=stored.document_id,
        checksum=stored.checksum,
        size=stored.size,
        upload_id=get_value(row, document.UPLOAD_ID_FIELD),
        is_latest=bool(get_value(row, "IsLatest")),
        number=int(get_value(row, "VersionNumber") or 0),
    )
