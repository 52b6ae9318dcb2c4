"""ContentVersion: an identity document as Salesforce keeps it, one version for each attempt of the customer."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.client.bodies import Base64
from sf_sync.errors import AnswerMalformed
from sf_sync.objects.values import Row, get_record_id, get_value

SOBJECT = "ContentVersion"
KEY_PREFIX = "068"
DOCUMENT_KEY_PREFIX = "069"
UPLOAD_ID_FIELD = "Portal_Upload_Id__c"
TITLE = "Identity document"


class DocumentFile(Struct, frozen=True, kw_only=True):
    """The bytes and the name we give them; `file_name` is ours, never the customer's."""

    upload_id: UUID
    file_name: str
    content: bytes | bytearray


class StoredDocument(Struct, frozen=True, kw_only=True):
    """A version as Salesforce holds it. `checksum` is the MD5 of its bytes, in lower-case hex."""

    version_id: str
    document_id: str
    checksum: str
    size: int


def format_version(file: DocumentFile) -> dict[str, Any]:
    """The body without its place: a first version names a record to appear on, a later one its document."""
    return {
        "PathOnClient": file.file_name,
        "Title": TITLE,
        UPLOAD_ID_FIELD: str(file.upload_id),
        # Base64 has no `@`, so the document's bytes can't be taken for a reference to another step.
        "VersionData": Base64(file.content),
    }


def format_version_query(upload_id: UUID) -> str:
    return format_soql(
        "SELECT Id, ContentDocumentId, Checksum, ContentSize FROM ContentVersion WHERE Portal_Upload_Id__c = {}",
        str(upload_id),
    )


def parse_stored_document(row: Row) -> StoredDocument:
    """Raises AnswerMalformed."""
    checksum, size = get_value(row, "Checksum"), get_value(row, "ContentSize")
    if not isinstance(checksum, str) or not isinstance(size, int):
        raise AnswerMalformed("the version has no checksum or size")
    return StoredDocument(
        version_id=get_record_id(row, "Id", prefix=KEY_PREFIX),
        document_id=get_record_id(row, "ContentDocumentId", prefix=DOCUMENT_KEY_PREFIX),
        checksum=checksum.lower(),
        size=size,
    )
