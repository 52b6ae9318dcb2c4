"""Case: the review of a customer's address, opened once for each request of ours."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from msgspec import Struct
from simple_salesforce.format import format_soql

from sf_sync.client.wire import escape_references
from sf_sync.objects.account import EligibilityFacts
from sf_sync.objects.values import Row, find_reference, get_instant, get_record_id, get_value

SOBJECT = "Case"
KEY_PREFIX = "500"
REQUEST_ID_FIELD = "Portal_Request_Id__c"
ELIGIBILITY_RECORD_TYPE = "Internet_Eligibility"
SUBJECT = "Internet eligibility review"
ORIGIN = "Web"


class OpenEligibilityCase(Struct, frozen=True, kw_only=True):
    """Open a review and mark the account pending.

    `expected` are the facts that the decision was made on: the account is changed only while its status, its
    case and the presence of its first request time are still these. `request_id` is ours and makes the Case
    unique: a second delivery of the same command finds the first one's Case.
    """

    request_id: UUID
    account_id: str
    expected: EligibilityFacts
    requested_at: datetime
    """Becomes the account's request time only when it has none yet."""
    service_address: str
    contact_id: str | None = None
    sku: str | None = None
    notes: str | None = None


class OpenedCase(Struct, frozen=True, kw_only=True):
    """A Case that one of our requests opened. `account_id` is None when someone took it off its account."""

    case_id: str
    request_id: UUID
    account_id: str | None
    opened_at: datetime
    is_closed: bool


def format_case(command: OpenEligibilityCase, *, account_id: str, record_type_id: str) -> dict[str, Any]:
    """The body of the upsert; the two ids may be references. Text of customers can't act as a reference."""
    body: dict[str, Any] = {
        "RecordTypeId": record_type_id,
        "AccountId": account_id,
        "Subject": SUBJECT,
        "Origin": ORIGIN,
        "Portal_Service_Address__c": escape_references(command.service_address),
    }
    optional = {
        "ContactId": command.contact_id,
        "Portal_Product_Sku__c": command.sku and escape_references(command.sku),
        "Portal_Notes__c": command.notes and escape_references(command.notes),
    }
    return body | {field: value for field, value in optional.items() if value}


def format_case_path(request_id: UUID) -> str:
    """Relative path of the upsert by our own id."""
    return f"sobjects/{SOBJECT}/{REQUEST_ID_FIELD}/{quote(str(request_id), safe='')}"


def format_case_query(request_id: UUID) -> str:
    return format_soql(
        "SELECT Id, AccountId, CreatedDate, IsClosed FROM Case WHERE Portal_Request_Id__c = {}",
        str(request_id),
    )


def parse_opened_case(row: Row, request_id: UUID) -> OpenedCase:
    """Raises AnswerMalformed."""
    return OpenedCase(
        case_id=get_record_id(row, "Id", prefix=KEY_PREFIX),
        request_id=request_id,
        account_id=find_reference(row, "AccountId"),
        opened_at=get_instant(row, "CreatedDate"),
        is_closed=get_value(row, "IsClosed") is True,
    )
