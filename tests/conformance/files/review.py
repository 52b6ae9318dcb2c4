"""An account with a document under review, and how it stands."""

from typing import Any

from sf_sync.emulator.id_verification import DOCUMENT, REVIEWED_VERSION, STATUS, SUBMITTED_VERSION
from tests.conformance.files.library import Library

NEWER = "A newer document arrived while this one was under review. Open the newest version and decide again."


class Review:
    """Acts on one account as a reviewer or the portal would, over REST."""

    def __init__(self, library: Library, account_id: str) -> None:
        self.library = library
        self.account_id = account_id

    async def submit(self, content: bytes = b"card") -> str:
        """The id of the version that is under review from now on."""
        account = await self.read()
        document_id = account[DOCUMENT]
        place = (
            {"ContentDocumentId": document_id} if document_id else {"FirstPublishLocationId": self.account_id}
        )
        version_id = await self.library.upload(content, **place)
        change = {
            STATUS: "Submitted",
            DOCUMENT: document_id or await self.library.get_document_id(version_id),
            SUBMITTED_VERSION: version_id,
        }
        assert (await self.change(**change)).status_code == 204
        return version_id

    async def decide(self, status: str, reviewed: str | None = None, **rest: Any) -> Any:
        """The answer to a verdict that names a version, or none."""
        named = {REVIEWED_VERSION: reviewed} if reviewed else {}
        return await self.change(**{STATUS: status, **named, **rest})

    async def change(self, **values: Any) -> Any:
        return await self.library.call("PATCH", f"sobjects/Account/{self.account_id}", json=values)

    async def read(self) -> dict[str, Any]:
        return await self.library.read("Account", self.account_id)
