"""What a row and what Salesforce holds of it may differ in: the classes of `docs/features/migration.md`. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from bff.legacy import LegacyRow, RowStatus
from bff.migration.repository import Document
from bff.migration.rules import STATUSES, has_younger, is_same_time, is_told_alike, make_table_facts
from sf_sync.objects.account import AccountFacts, VerificationFacts, VerificationStatus
from sf_sync.objects.document_transfer import FiledLink, FiledVersion


class DifferenceClass(StrEnum):
    MISSING = "missing"
    TRUNCATED = "truncated"
    SWAPPED_ACCOUNT = "swapped_account"
    DOUBLE = "double"
    OLDER = "older"
    DIFFERENT_STATUS = "different_status"
    DIFFERENT_TIME = "different_time"
    REPORTED = "reported"
    ROW_GONE = "row_gone"
    NOT_IN_TABLE = "not_in_table"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `account` is its last four characters: enough to talk about it, too little to leak."""

    row_id: str
    kind: DifferenceClass
    reason: str
    account: str = ""
    is_repaired: bool = False


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """Of a row's bytes as they are now."""

    sha256: str
    md5: str
    size: int


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What Salesforce has of some accounts and uploads."""

    accounts: Mapping[str, AccountFacts | None]
    links: Sequence[FiledLink]
    versions: Sequence[FiledVersion]

    def index(self) -> "Inventory":
        by_account: dict[str, set[str]] = {}
        for link in self.links:
            by_account.setdefault(link.account_id, set()).add(link.document_id)
        by_document: dict[str, list[FiledVersion]] = {}
        for version in self.versions:
            by_document.setdefault(version.document_id, []).append(version)
        by_upload = {version.upload_id: version for version in self.versions if version.upload_id}
        return Inventory(self.accounts, by_account, by_document, by_upload)


class Inventory(msgspec.Struct, frozen=True):
    """The same, to be looked up in."""

    accounts: Mapping[str, AccountFacts | None]
    documents_of: Mapping[str, set[str]]
    versions_of: Mapping[str, Sequence[FiledVersion]]
    uploads: Mapping[str, FiledVersion]

    def find_doubles(self, account_id: str, own: FiledVersion) -> list[str]:
        """Other documents of the account that hold nothing but the same bytes, and that nobody here named."""
        return [
            document_id
            for document_id in sorted(self.documents_of.get(account_id, ()))
            if document_id != own.document_id
            and (versions := self.versions_of.get(document_id))
            and all(each.upload_id is None and each.checksum == own.checksum for each in versions)
        ]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One row with everything it is compared with. `tells_status`: it is the newest of its customer, in a phase in
    which the table is kept.
    """

    row: LegacyRow
    document: Document | None
    digest: Digest
    tells_status: bool


def compare(checked: Checked, inventory: Inventory) -> list[Difference]:
    row, document = checked.row, checked.document
    if document is None or document.state == "waiting":
        return [_differ(checked, DifferenceClass.MISSING, "It has not been moved yet.")]
    if document.state == "reported":
        return [_differ(checked, DifferenceClass.REPORTED, document.reason or "It cannot be moved.")]
    version = inventory.uploads.get(str(document.upload_id))
    if version is None:
        return [_differ(checked, DifferenceClass.MISSING, "Salesforce has no File of this name.")]
    account_id = document.account_id or ""
    found = []
    if version.document_id not in inventory.documents_of.get(account_id, ()):
        found.append(
            _differ(checked, DifferenceClass.SWAPPED_ACCOUNT, "The File is not shown on this account.")
        )
    if version.checksum != checked.digest.md5:
        sizes = f"{version.size} bytes against {checked.digest.size}"
        found.append(_differ(checked, DifferenceClass.TRUNCATED, f"The File has other bytes: {sizes}."))
    elif inventory.find_doubles(account_id, version):
        found.append(_differ(checked, DifferenceClass.DOUBLE, "The account has the same bytes twice."))
    account = inventory.accounts.get(account_id)
    if checked.tells_status and row.status is not RowStatus.UNKNOWN:
        found += _compare_facts(checked, document, account)
    return found


def _compare_facts(checked: Checked, document: Document, account: AccountFacts | None) -> list[Difference]:
    if account is None:
        return [_differ(checked, DifferenceClass.DIFFERENT_STATUS, "Salesforce has no such account.")]
    row, facts = checked.row, account.verification
    if has_younger(facts, row):
        return []
    told = make_table_facts(row, facts)
    if not is_told_alike(told, facts):
        is_later = document.moved_at is not None and row.updated_at > document.moved_at
        kind = DifferenceClass.OLDER if is_later else DifferenceClass.DIFFERENT_STATUS
        return [_differ(checked, kind, f"The row says {STATUSES[row.status]}, Salesforce {facts.status}.")]
    if not _has_same_times(told, facts):
        return [_differ(checked, DifferenceClass.DIFFERENT_TIME, "The times are not those of the row.")]
    return []


def _has_same_times(told: VerificationFacts, facts: VerificationFacts) -> bool:
    is_verified = facts.status is VerificationStatus.VERIFIED
    return is_same_time(told.submitted_at, facts.submitted_at) and (
        not is_verified or is_same_time(told.verified_at or told.submitted_at, facts.verified_at)
    )


def _differ(checked: Checked, kind: DifferenceClass, reason: str) -> Difference:
    account = checked.document.account_id if checked.document else None
    return Difference(row_id=checked.row.id, kind=kind, reason=reason, account=(account or "")[-4:])
