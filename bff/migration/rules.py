"""Pure decisions of the migration: the tables of `docs/features/migration.md`."""

from datetime import datetime
from enum import StrEnum

import msgspec

from bff.legacy import LegacyRow, RowStatus
from bff.legacy.rows import NEVER
from sf_sync.objects.account import AccountFacts, VerificationFacts, VerificationStatus
from sf_sync.objects.document_transfer import Judgement, Place

STATUSES = {
    RowStatus.SUBMITTED: VerificationStatus.SUBMITTED,
    RowStatus.VERIFIED: VerificationStatus.VERIFIED,
    RowStatus.REJECTED: VerificationStatus.REJECTED,
    RowStatus.UNKNOWN: VerificationStatus.UNKNOWN,
}
ROW_STATUSES = {status: row_status for row_status, status in STATUSES.items()}


class Trouble(StrEnum):
    """Why a row cannot be moved."""

    EMPTY = "The document is empty."
    DAMAGED = "The document cannot be decoded."
    NO_TIME = "The row does not say when it was submitted."
    STATUS = "The row's status has no known spelling."
    CUSTOMER = "The customer is not known here."
    NO_ACCOUNT = "The customer has no account."
    ACCOUNT_GONE = "Salesforce has no such account."
    ACCOUNT_UNKNOWN = "The account's status in Salesforce has no known value."


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """`judgement` None keeps the account's status."""

    place: Place
    judgement: Judgement | None


def plan_move(row: LegacyRow, account: AccountFacts | None) -> Move | Trouble:
    if row.status is RowStatus.UNKNOWN:
        return Trouble.STATUS
    if row.submitted_at == NEVER:
        return Trouble.NO_TIME
    if account is None:
        return Trouble.ACCOUNT_GONE
    facts = account.verification
    if facts.status is VerificationStatus.UNKNOWN:
        return Trouble.ACCOUNT_UNKNOWN
    place = _choose_place(row, facts)
    return Move(place=place, judgement=None if place is Place.APART else make_judgement(row))


def make_judgement(row: LegacyRow) -> Judgement:
    return Judgement(
        status=STATUSES[row.status],
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        note=row.note,
        message=row.message,
    )


def _choose_place(row: LegacyRow, facts: VerificationFacts) -> Place:
    if has_younger(facts, row) or _decided_later(facts, row):
        return Place.APART
    return Place.NEXT if facts.document_id else Place.FIRST


def _decided_later(facts: VerificationFacts, row: LegacyRow) -> bool:
    is_verified = facts.status is VerificationStatus.VERIFIED
    return is_verified and _is_later(facts.verified_at or facts.submitted_at, row.decided_at)


class Sync(StrEnum):
    """Where a verdict has to go."""

    NOTHING = "nothing"
    TO_SALESFORCE = "to Salesforce"
    TO_TABLE = "to the table"


def plan_sync(row: LegacyRow, account: AccountFacts) -> Sync:
    """For the newest row of an account, once it has moved. What is about another document is the transfer's."""
    facts, status = account.verification, STATUSES[row.status]
    if VerificationStatus.UNKNOWN in (facts.status, status) or not _is_same_instant(
        facts.submitted_at, row.submitted_at
    ):
        return Sync.NOTHING
    if facts.status is status:
        is_same = status is not VerificationStatus.REJECTED or facts.rejection_message == row.message
        return Sync.NOTHING if is_same else _choose_newer(row, account)
    if facts.status in (VerificationStatus.SUBMITTED, VerificationStatus.NOT_SUBMITTED):
        return Sync.TO_SALESFORCE
    if row.status is RowStatus.SUBMITTED:
        return Sync.TO_TABLE
    return _choose_newer(row, account)


def _choose_newer(row: LegacyRow, account: AccountFacts) -> Sync:
    return Sync.TO_TABLE if _is_later(get_decided_at(account), row.decided_at) else Sync.TO_SALESFORCE


def get_decided_at(account: AccountFacts) -> datetime:
    """When Salesforce's verdict was given. A rejection has no time of its own; the account's last change bounds it."""
    facts = account.verification
    if facts.status is VerificationStatus.VERIFIED and facts.verified_at:
        return facts.verified_at
    return account.modified_at


def make_decided_row(row: LegacyRow, account: AccountFacts) -> LegacyRow:
    """The row with Salesforce's verdict in it."""
    facts = account.verification
    return msgspec.structs.replace(
        row,
        status=ROW_STATUSES[facts.status],
        note=facts.note,
        message=facts.rejection_message,
        reviewed_at=get_decided_at(account),
    )


def make_table_facts(row: LegacyRow, facts: VerificationFacts) -> VerificationFacts:
    """What the table says of the account, with Salesforce's ids, which the next upload builds on."""
    is_verified = row.status is RowStatus.VERIFIED
    is_decided = is_verified or row.status is RowStatus.REJECTED
    return msgspec.structs.replace(
        facts,
        status=STATUSES[row.status],
        submitted_at=None if row.submitted_at == NEVER else row.submitted_at,
        verified_at=row.reviewed_at if is_verified else None,
        note=row.note if is_decided else None,
        rejection_message=row.message if row.status is RowStatus.REJECTED else None,
    )


def has_younger(facts: VerificationFacts, row: LegacyRow) -> bool:
    """Whether Salesforce has a document that was submitted after the row: then what the row says is of no account."""
    return facts.status is not VerificationStatus.NOT_SUBMITTED and _is_later(
        facts.submitted_at, row.submitted_at
    )


def is_told_alike(one: VerificationFacts, other: VerificationFacts) -> bool:
    """Whether a customer would be told the same."""
    if one.status is not other.status:
        return False
    return one.status is not VerificationStatus.REJECTED or one.rejection_message == other.rejection_message


def is_same_time(one: datetime | None, other: datetime | None) -> bool:
    return _is_same_instant(one, other)


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    """By whole seconds, which is what Salesforce is sure to keep."""
    if one is None or other is None:
        return False
    return one.replace(microsecond=0) > other.replace(microsecond=0)


def _is_same_instant(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.replace(microsecond=0) == other.replace(microsecond=0)


def find_kind(content: bytes) -> str | None:
    """What the bytes are, by their first and last ones; None when they are no whole document of a kind that we know.

    Cheap on purpose: each document is looked at on every pass, and what a decoder would find beyond this is the
    reviewer's to see.
    """
    tail = content[-1024:]
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail:
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in tail:
        return "png"
    if content.startswith(b"%PDF-") and b"%%EOF" in tail:
        return "pdf"
    return "heic" if content[4:8] == b"ftyp" and b"hei" in content[8:40] and len(content) > 64 else None
