"""What the platform does by itself with Salesforce Files: documents, versions and links follow each other.

Part of every org, unlike the flows of `automation`, which an administrator made.
"""

from collections.abc import Sequence
from typing import Any

from sf_sync.emulator.changes import Change
from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.store import Org
from sf_sync.emulator.transaction import Transaction
from sf_sync.ids import InvalidRecordId, parse_record_id

_EDITABLE = frozenset({"Title", "Description", "ReasonForChange", "SharingOption", "SharingPrivacy"})
_MIRRORED = (
    "OwnerId", "Title", "Description", "PublishStatus", "ContentSize", "FileType", "FileExtension", "SharingOption",
    "SharingPrivacy", "ContentModifiedDate",
)  # fmt: skip
"""What a ContentDocument shows of its latest version."""


def register_files(org: Org) -> None:
    org.add_automation(keep_documents)
    org.add_automation(keep_links)


def keep_documents(transaction: Transaction, changes: Sequence[Change]) -> None:
    """Give a new version its document and its number; let the document follow its latest version."""
    for change in changes:
        version = change.after
        if change.entity != "ContentVersion" or version is None:
            continue
        if change.kind == "CREATE":
            _publish(transaction, version)
        elif change.changed & _EDITABLE:
            if not version["IsLatest"]:
                raise _broken_integrity("Only the latest version of a document can be updated")
            _mirror(transaction, version)


def keep_links(transaction: Transaction, changes: Sequence[Change]) -> None:
    """A document is linked with a record once, and its owner's link stays as long as the document does."""
    for change in changes:
        if change.entity != "ContentDocumentLink":
            continue
        if change.kind == "CREATE":
            _refuse_second_link(transaction, change.after or {})
        elif change.before is not None and is_owner_link(transaction, change.before):
            raise _broken_integrity("The link of a document with its owner cannot be changed or deleted")


def is_owner_link(transaction: Transaction, link: Row) -> bool:
    document = transaction.find("ContentDocument", link["ContentDocumentId"])
    return document is not None and document["OwnerId"] == link["LinkedEntityId"]


def link_document(
    transaction: Transaction, document_id: str, record_id: str, *, share_type: str = "V"
) -> None:
    """Show a document on a record; does nothing when it is there already."""
    linked = transaction.org.find_by("ContentDocumentLink", "ContentDocumentId", document_id)
    if all(link["LinkedEntityId"] != record_id for link in linked):
        link = {"ContentDocumentId": document_id, "LinkedEntityId": record_id, "ShareType": share_type}
        transaction.insert("ContentDocumentLink", link)


def find_version(org: Org, version_id: str) -> Row | None:
    """The version with this id in either form, as a text field holds it."""
    return org.find("ContentVersion", _widen(version_id))


def find_latest_version(org: Org, document_id: str) -> Row | None:
    """The latest version of the document with this id in either form."""
    document = org.find("ContentDocument", _widen(document_id))
    return org.find("ContentVersion", (document or {}).get("LatestPublishedVersionId", ""))


def _widen(record_id: str) -> str:
    try:
        return parse_record_id(record_id)
    except InvalidRecordId:
        return ""


def _publish(transaction: Transaction, version: Row) -> None:
    document_id = version.get("ContentDocumentId")
    number = 1
    if document_id is None:
        document_id = transaction.insert("ContentDocument", {"OwnerId": version["OwnerId"]}, as_system=True)
        _place(transaction, version, document_id)
    else:
        number = 1 + _withdraw_older(transaction, version, document_id)
    change = {"ContentDocumentId": document_id, "IsLatest": True, "VersionNumber": str(number)}
    transaction.update("ContentVersion", version["Id"], change, as_system=True)
    _mirror(transaction, {**version, **change})


def _place(transaction: Transaction, version: Row, document_id: str) -> None:
    link_document(transaction, document_id, version["OwnerId"], share_type="I")
    if "FirstPublishLocationId" in version:
        link_document(transaction, document_id, version["FirstPublishLocationId"])


def _withdraw_older(transaction: Transaction, version: Row, document_id: str) -> int:
    """How many there are."""
    versions = transaction.org.find_by("ContentVersion", "ContentDocumentId", document_id)
    older = [each for each in versions if each["Id"] != version["Id"]]
    for each in older:
        if each["IsLatest"]:
            transaction.update("ContentVersion", each["Id"], {"IsLatest": False}, as_system=True)
    return len(older)


def _mirror(transaction: Transaction, version: Row) -> None:
    shown: dict[str, Any] = {name: version.get(name) for name in _MIRRORED}
    shown["LatestPublishedVersionId"] = version["Id"]
    transaction.update("ContentDocument", version["ContentDocumentId"], shown, as_system=True)


def _refuse_second_link(transaction: Transaction, link: Row) -> None:
    document_id, record_id = link["ContentDocumentId"], link["LinkedEntityId"]
    for other in transaction.org.find_by("ContentDocumentLink", "ContentDocumentId", document_id):
        if other["LinkedEntityId"] == record_id and other["Id"] != link["Id"]:
            message = (
                f"Document with ID: {document_id} is already linked with the entity with ID: {record_id}"
            )
            raise SalesforceRefusal("DUPLICATE_VALUE", message, fields=["LinkedEntityId"])


def _broken_integrity(message: str) -> SalesforceRefusal:
    return SalesforceRefusal("FIELD_INTEGRITY_EXCEPTION", message, fields=[])
