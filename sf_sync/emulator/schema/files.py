"""Salesforce Files: ContentVersion holds the bytes, ContentDocument the versions, ContentDocumentLink the places.

What creating and deleting them sets off by itself is in `sf_sync.emulator.files`.
"""

import hashlib
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.fields import (
    audit,
    identity,
    lookup,
    number_custom_fields,
    of_type,
    owner,
    picklist,
    text,
)
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row, RowReader

_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}
_AT_CREATION: dict[str, Any] = {"updateable": False}
_PLACES = ("Account", "Case", "Contact", "Order")
_FILE_TYPES = {
    "jpg": "JPG", "jpeg": "JPG", "png": "PNG", "gif": "GIF", "tif": "TIFF", "tiff": "TIFF", "bmp": "BMP",
    "pdf": "PDF", "txt": "TEXT", "csv": "CSV", "zip": "ZIP", "docx": "WORD_X", "xlsx": "EXCEL_X",
}  # fmt: skip
"""By extension; what is not here is UNKNOWN."""


def _shared(**rest: Any) -> tuple[FieldSchema, ...]:
    return (
        picklist(
            "SharingOption", "Prevent others from sharing", "A", "R", restricted=True, default="A", **rest
        ),
        picklist("SharingPrivacy", "File Privacy on Records", "N", "P", restricted=True, default="N", **rest),
    )


def _publication() -> FieldSchema:
    return picklist("PublishStatus", "Publish Status", "U", "P", "R", restricted=True, **_READ_ONLY)


def _derive_version(before: Row | None, row: Row, read: RowReader) -> Mapping[str, Any]:
    """The facts of the bytes, which never change after creation."""
    if before is not None:
        return {}
    if "ContentDocumentId" in row and "FirstPublishLocationId" in row:
        message = "FirstPublishLocationId can only be set on the first version, without a ContentDocumentId"
        raise SalesforceRefusal("FIELD_INTEGRITY_EXCEPTION", message, fields=["FirstPublishLocationId"])
    path, content = PurePath(row.get("PathOnClient", "").replace("\\", "/")), row.get("VersionData")
    extension = path.suffix[1:]
    return {
        # An empty file counts as none, so that the required field is missing.
        "VersionData": content or None,
        "Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest() if content else None,
        "ContentSize": len(content or b""),
        "Title": row.get("Title") or path.stem[:255] or "Untitled",
        "FileExtension": extension or None,
        "FileType": _FILE_TYPES.get(extension.lower(), "UNKNOWN"),
        "PublishStatus": "R",
        "ContentModifiedDate": row["CreatedDate"],
        "ContentModifiedById": row["CreatedById"],
    }


CONTENT_VERSION = EntitySchema(
    name="ContentVersion",
    label="Content Version",
    label_plural="Content Versions",
    key_prefix="068",
    fields=(
        *identity(),
        lookup(
            "ContentDocumentId",
            "ContentDocument ID",
            "ContentDocument",
            child_relationship="ContentVersions",
            on_parent_delete="cascade",
            **_AT_CREATION,
        ),
        of_type("boolean", "IsLatest", "Is Latest", **_READ_ONLY),
        text("VersionNumber", "Version Number", 20, **_READ_ONLY),
        text("Title", "Title", nillable=False, name_field=True),
        of_type("textarea", "Description", "Description", length=1_000),
        of_type("textarea", "ReasonForChange", "Reason For Change", length=1_000),
        *_shared(),
        text("PathOnClient", "Path On Client", 500, nillable=False, **_AT_CREATION),
        of_type("datetime", "ContentModifiedDate", "Content Modified Date", **_READ_ONLY),
        lookup("ContentModifiedById", "User ID", "User", **_READ_ONLY),
        owner(**_AT_CREATION),
        *audit(),
        text("FileType", "File Type", 20, **_READ_ONLY),
        _publication(),
        of_type("base64", "VersionData", "Version Data", nillable=False, filterable=False, **_AT_CREATION),
        of_type("int", "ContentSize", "Size", **_READ_ONLY),
        text("FileExtension", "File Extension", 40, **_READ_ONLY),
        lookup("FirstPublishLocationId", "First Publish Location ID", *_PLACES, "User", **_AT_CREATION),
        picklist("Origin", "Content Origin", "C", "H", restricted=True, default="C", **_AT_CREATION),
        # Files that lie elsewhere (E, L) are not kept here.
        picklist("ContentLocation", "Content Location", "S", restricted=True, default="S", **_AT_CREATION),
        text("Checksum", "Checksum", 50, **_READ_ONLY),
        of_type("boolean", "IsMajorVersion", "Major Version", default=True, **_AT_CREATION),
        *number_custom_fields(
            5, text("Portal_Upload_Id__c", "Portal Upload ID", 36, external_id=True, unique=True)
        ),
    ),
    deletable=False,
    change_events=True,
    derive=_derive_version,
)

CONTENT_DOCUMENT = EntitySchema(
    name="ContentDocument",
    label="Content Document",
    label_plural="Content Documents",
    key_prefix="069",
    fields=(
        *identity(),
        *audit(),
        of_type("boolean", "IsArchived", "Is Archived", **_READ_ONLY),
        owner(**_READ_ONLY),
        text("Title", "Title", name_field=True, **_READ_ONLY),
        _publication(),
        lookup("LatestPublishedVersionId", "Latest Published Version ID", "ContentVersion", **_READ_ONLY),
        of_type("textarea", "Description", "Description", length=1_000, **_READ_ONLY),
        of_type("int", "ContentSize", "Size", **_READ_ONLY),
        text("FileType", "File Type", 20, **_READ_ONLY),
        text("FileExtension", "File Extension", 40, **_READ_ONLY),
        *_shared(**_READ_ONLY),
        of_type("datetime", "ContentModifiedDate", "Content Modified Date", **_READ_ONLY),
    ),
    createable=False,
    updateable=False,
    change_events=True,
)

CONTENT_DOCUMENT_LINK = EntitySchema(
    name="ContentDocumentLink",
    label="Content Document Link",
    label_plural="Content Document Links",
    key_prefix="06A",
    fields=(
        *identity(),
        lookup(
            "LinkedEntityId",
            "Linked Entity ID",
            *_PLACES,
            "User",
            nillable=False,
            child_relationship="ContentDocumentLinks",
            on_parent_delete="cascade",
            **_AT_CREATION,
        ),
        lookup(
            "ContentDocumentId",
            "ContentDocument ID",
            "ContentDocument",
            nillable=False,
            child_relationship="ContentDocumentLinks",
            on_parent_delete="cascade",
            **_AT_CREATION,
        ),
        picklist("ShareType", "Share Type", "V", "C", "I", restricted=True, nillable=False),
        picklist(
            "Visibility",
            "Visibility",
            "AllUsers",
            "InternalUsers",
            "SharedUsers",
            restricted=True,
            default="AllUsers",
        ),
        of_type(
            "datetime", "SystemModstamp", "System Modstamp", **_READ_ONLY, nillable=False, in_events=False
        ),
    ),
    change_events=True,
)
