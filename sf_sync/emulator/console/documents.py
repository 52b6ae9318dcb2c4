"""Submitted identity documents as the reviewer sees them, and the verdict as the reviewer gives it."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

import msgspec

from sf_sync.emulator.console.reviews import UI_ORIGIN, DecisionIncomplete
from sf_sync.emulator.files import find_latest_version, find_version
from sf_sync.emulator.id_verification import (
    DOCUMENT,
    NOTE,
    ORDER_MESSAGE,
    ORDER_STATUS,
    ORDER_VERDICTS,
    ORDER_VERSION,
    REJECTION,
    REVIEWED_VERSION,
    STATUS,
    SUBMITTED_VERSION,
    VERDICTS,
    VERIFIED_AT,
    same_record,
)
from sf_sync.emulator.platform_seed import REVIEWER_USERNAME, find_user_id
from sf_sync.emulator.schema.model import Row
from sf_sync.emulator.store import Org
from sf_sync.emulator.wire_time import parse_instant

Verdict = Literal["Verified", "Rejected"]

_SUBMITTED_AT = "Id_Verification_Submitted_Date_Time__c"
_ORDER_DECISIONS = {verdict: decision for decision, verdict in ORDER_VERDICTS.items()}
_WORDS: dict[Verdict, str] = {"Verified": NOTE, "Rejected": REJECTION}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a document. `number` counts from 1 and is the customer's attempt."""

    version_id: str
    number: str
    name: str
    file_type: str
    size: int
    checksum: str
    digest: str
    uploaded_at: datetime


class LinkedOrder(msgspec.Struct, frozen=True, kw_only=True):
    order_id: str
    number: str
    review_status: str


class DocumentReview(msgspec.Struct, frozen=True, kw_only=True):
    """An account with the version under review and, newest first, the earlier ones."""

    account_id: str
    account_name: str
    status: str
    version: Version
    earlier: tuple[Version, ...]
    orders: tuple[LinkedOrder, ...]
    submitted_at: datetime
    decided_at: datetime
    note: str
    rejection: str

    @property
    def is_open(self) -> bool:
        return self.status == "Submitted"


class VerdictGiven(Exception):
    """The document is not under review any more."""


class NewerDocument(Exception):
    """The customer has replaced the file that the verdict is about."""


class DocumentReviews:
    """Reads and decides the identity documents of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def count_open(self) -> int:
        return sum(self._find_version(account) is not None for account in self._select("Submitted"))

    def list_open(self) -> list[DocumentReview]:
        """Who has waited longest comes first."""
        found = filter(None, map(self._describe, self._select("Submitted")))
        return sorted(found, key=attrgetter("submitted_at", "account_id"))

    def list_decided(self, limit: int) -> list[DocumentReview]:
        """The latest verdict comes first."""
        found = filter(None, map(self._describe, self._select(*VERDICTS)))
        return sorted(found, key=attrgetter("decided_at", "account_id"), reverse=True)[:limit]

    def find(self, account_id: str) -> DocumentReview | None:
        """None for an account that has no document."""
        account = self._org.find("Account", account_id)
        return self._describe(account) if account is not None else None

    def find_content(self, version_id: str) -> bytes | None:
        version = self._org.find("ContentVersion", version_id)
        return self._org.blobs.read(version["VersionData"]) if version is not None else None

    def decide(self, account_id: str, version_id: str, verdict: Verdict, *, words: str) -> None:
        """Give the verdict on this version. `words` are the note, or at a rejection the message to the customer.

        Where orders wait for this review the verdict is given there and rolls up to the account. Raises
        DecisionIncomplete, VerdictGiven, NewerDocument or SalesforceRefusal.
        """
        review = self._describe(self._org.get("Account", account_id))
        if verdict == "Rejected" and not words:
            raise DecisionIncomplete("message", "Tell the customer what is wrong before you reject.")
        if review is None or not review.is_open:
            raise VerdictGiven
        if not same_record(review.version.version_id, version_id):
            raise NewerDocument
        waiting = [order for order in review.orders if order.review_status == "Pending"]
        user_id = find_user_id(self._org, REVIEWER_USERNAME) or ""
        with self._org.transaction(user_id=user_id, origin=UI_ORIGIN) as transaction:
            for order in waiting:
                transaction.update("Order", order.order_id, _decide_order(version_id, verdict, words))
            if not waiting:
                transaction.update("Account", account_id, _decide_account(version_id, verdict, words))

    def _select(self, *statuses: str) -> Sequence[Row]:
        return list(self._org.select("Account", lambda row: row.get(STATUS) in statuses))

    def _find_version(self, account: Row) -> Row | None:
        """The version under review; of an account that names none, the latest of its document."""
        if SUBMITTED_VERSION in account:
            return find_version(self._org, account[SUBMITTED_VERSION])
        return find_latest_version(self._org, account.get(DOCUMENT, ""))

    def _describe(self, account: Row) -> DocumentReview | None:
        version = self._find_version(account)
        if version is None:
            return None
        document_id = version["ContentDocumentId"]
        return DocumentReview(
            account_id=account["Id"],
            account_name=account["Name"],
            status=account.get(STATUS, "Not Submitted"),
            version=_describe_version(version),
            earlier=self._list_earlier(document_id, version),
            orders=self._list_orders(document_id),
            submitted_at=parse_instant(account.get(_SUBMITTED_AT) or version["CreatedDate"]),
            decided_at=parse_instant(_find_decision_time(account)),
            note=account.get(NOTE, ""),
            rejection=account.get(REJECTION, ""),
        )

    def _list_earlier(self, document_id: str, version: Row) -> tuple[Version, ...]:
        rows = self._org.find_by("ContentVersion", "ContentDocumentId", document_id)
        others = [
            _describe_version(row)
            for row in rows
            if int(row["VersionNumber"]) < int(version["VersionNumber"])
        ]
        return tuple(sorted(others, key=lambda other: int(other.number), reverse=True))

    def _list_orders(self, document_id: str) -> tuple[LinkedOrder, ...]:
        links = self._org.find_by("ContentDocumentLink", "ContentDocumentId", document_id)
        orders = (self._org.find("Order", link["LinkedEntityId"]) for link in links)
        return tuple(
            LinkedOrder(
                order_id=order["Id"],
                number=order["OrderNumber"],
                review_status=order.get(ORDER_STATUS, ""),
            )
            for order in orders
            if order is not None
        )


def _describe_version(row: Row) -> Version:
    return Version(
        version_id=row["Id"],
        number=row["VersionNumber"],
        name=row["PathOnClient"],
        file_type=row["FileType"],
        size=row["ContentSize"],
        checksum=row["Checksum"],
        digest=row["VersionData"],
        uploaded_at=parse_instant(row["CreatedDate"]),
    )


def _find_decision_time(account: Row) -> str:
    """The platform has no field for the time of a rejection; the last change of the account comes closest."""
    return str(account.get(VERIFIED_AT) or account["LastModifiedDate"])


def _decide_order(version_id: str, verdict: Verdict, words: str) -> dict[str, Any]:
    return {
        ORDER_STATUS: _ORDER_DECISIONS[verdict],
        ORDER_VERSION: version_id,
        ORDER_MESSAGE: words or None,
    }


def _decide_account(version_id: str, verdict: Verdict, words: str) -> dict[str, Any]:
    return {STATUS: verdict, REVIEWED_VERSION: version_id, _WORDS[verdict]: words or None}
