"""What a migration asks of Salesforce about identity documents: moving them in, taking stock, setting right.

Every call goes in the background lane, behind whatever customers do.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sf_sync.client import Lane, SalesforceClient, SubAnswer
from sf_sync.client.refusals import find_failure
from sf_sync.client.wire import Subrequest
from sf_sync.errors import AnswerMalformed, DuplicateValue, NotFound, OutcomeUnknown, TransactionHalted
from sf_sync.objects import document, document_transfer
from sf_sync.objects.account import AccountFacts
from sf_sync.objects.document import StoredDocument
from sf_sync.objects.document_transfer import FiledLink, FiledVersion, Judgement, TransferDocument

SEND_TIMEOUT_S = 60.0
READ_TIMEOUT_S = 30.0
_AT_ONCE = 200
"""Ids in one query: they travel in an address, of which servers take about 16,000 characters."""

Item = TypeVar("Item")


class DocumentTransfers:
    """All verbs raise the errors of `sf_sync.errors`."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._names = client.settings.account_fields

    async def transfer(self, command: TransferDocument) -> StoredDocument | None:
        """One call, all or nothing. None: the account has changed since it was read, or the upload is there already.

        After OutcomeUnknown ask with `find` before sending again.
        """
        answers = await self._send(document_transfer.plan_transfer(command, names=self._names))
        failure = find_failure(answers)
        if isinstance(failure, TransactionHalted | DuplicateValue | NotFound):
            return None
        if failure is not None:
            raise failure
        try:
            return document_transfer.parse_transfer(answers)
        except AnswerMalformed as error:
            raise OutcomeUnknown("Salesforce did the call but does not say what it stored") from error

    async def judge(self, expected: AccountFacts, judgement: Judgement) -> bool:
        """Set an account's status as a verdict elsewhere says; False when the account has changed since it was read."""
        answers = await self._send(document_transfer.plan_judgement(expected, judgement, names=self._names))
        failure = find_failure(answers)
        if isinstance(failure, TransactionHalted | NotFound):
            return False
        if failure is not None:
            raise failure
        return True

    async def find(self, upload_id: UUID) -> StoredDocument | None:
        rows = await self._query(document.format_version_query(upload_id))
        return document.parse_stored_document(rows[0]) if rows else None

    async def list_links(self, account_ids: Iterable[str]) -> list[FiledLink]:
        """What is shown on these accounts; one call for 200 accounts."""
        return [
            document_transfer.parse_link(row)
            for part in cut(account_ids)
            for row in await self._query(document_transfer.format_links_query(part))
        ]

    async def list_places(self, document_ids: Iterable[str]) -> list[FiledLink]:
        """Where these documents are shown, their owner's library included."""
        return [
            document_transfer.parse_link(row)
            for part in cut(document_ids)
            for row in await self._query(document_transfer.format_document_links_query(part))
        ]

    async def list_versions(self, document_ids: Iterable[str]) -> list[FiledVersion]:
        return await self._list_versions("ContentDocumentId", document_ids)

    async def find_uploads(self, upload_ids: Iterable[UUID]) -> list[FiledVersion]:
        """Versions by our own name for them, wherever they are."""
        return await self._list_versions(document.UPLOAD_ID_FIELD, map(str, upload_ids))

    async def read_content(self, version_id: str) -> bytes:
        """The bytes of a version, all of them in memory."""
        answer = await self._client.request(
            "GET",
            f"sobjects/ContentVersion/{version_id}/VersionData",
            lane=Lane.BACKGROUND,
            idempotent=True,
            timeout_s=SEND_TIMEOUT_S,
        )
        if not isinstance(answer.body, bytes):
            raise AnswerMalformed("the answer is not a document")
        return answer.body

    async def link(self, document_id: str, account_id: str) -> None:
        """Show a document on an account too."""
        body = {"ContentDocumentId": document_id, "LinkedEntityId": account_id, "ShareType": "V"}
        await self._write("POST", "sobjects/ContentDocumentLink", body)

    async def unlink(self, link_id: str) -> None:
        await self._write("DELETE", f"sobjects/ContentDocumentLink/{link_id}")

    async def delete_document(self, document_id: str) -> None:
        """With all its versions, into the recycle bin."""
        await self._write("DELETE", f"sobjects/ContentDocument/{document_id}")

    async def _send(self, steps: Sequence[Subrequest]) -> list[SubAnswer]:
        return await self._client.composite(
            steps, idempotent=False, lane=Lane.BACKGROUND, timeout_s=SEND_TIMEOUT_S
        )

    async def _query(self, soql: str) -> list[dict[str, Any]]:
        return await self._client.query(soql, lane=Lane.BACKGROUND, timeout_s=READ_TIMEOUT_S)

    async def _list_versions(self, field: str, values: Iterable[str]) -> list[FiledVersion]:
        return [
            document_transfer.parse_version(row)
            for part in cut(values)
            for row in await self._query(document_transfer.format_versions_query(field, part))
        ]

    async def _write(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        await self._client.request(
            method, path, json=body, lane=Lane.BACKGROUND, idempotent=False, timeout_s=READ_TIMEOUT_S
        )


def cut(values: Iterable[Item], size: int = _AT_ONCE) -> Iterable[list[Item]]:
    """Parts of at most `size`, in order."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
