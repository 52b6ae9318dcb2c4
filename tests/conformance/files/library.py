"""Calls about files that most tests make."""

import base64
from typing import Any

from tests.conformance.rest.caller import Caller

VERSION_FIELDS = (
    "Id,ContentDocumentId,IsLatest,VersionNumber,Title,Checksum,ContentSize,FileType,FileExtension"
)


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


class Library(Caller):
    async def upload(self, content: bytes = b"card", *, path: str = "card.jpg", **fields: Any) -> str:
        """The id of a version that must be stored."""
        body = {"PathOnClient": path, "VersionData": encode(content), **fields}
        return await self.create("ContentVersion", **body)

    async def get_document_id(self, version_id: str) -> str:
        return str((await self.read("ContentVersion", version_id))["ContentDocumentId"])

    async def list_versions(self, document_id: str) -> list[dict[str, Any]]:
        """Oldest first."""
        where = f"ContentDocumentId = '{document_id}' ORDER BY VersionNumber"
        return await self.select(f"SELECT {VERSION_FIELDS} FROM ContentVersion WHERE {where}")

    async def list_places(self, document_id: str) -> dict[str, str]:
        """Where a document is linked, with the share type."""
        where = f"ContentDocumentId = '{document_id}'"
        links = await self.select(f"SELECT LinkedEntityId, ShareType FROM ContentDocumentLink WHERE {where}")
        return {link["LinkedEntityId"]: link["ShareType"] for link in links}
