"""Case: the review of an address, opened by the portal and decided by a reviewer."""

from collections.abc import Mapping
from typing import Any

from sf_sync.emulator.schema.account import ELIGIBILITY_RESULTS
from sf_sync.emulator.schema.fields import (
    audit,
    identity,
    long_text,
    lookup,
    number_custom_fields,
    of_type,
    owner,
    picklist,
    text,
    view_stamps,
)
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, RecordTypeSchema, Row, RowReader

CLOSED_STATUSES = frozenset({"Closed"})
ELIGIBILITY_RECORD_TYPE = "Internet_Eligibility"
_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}

_STANDARD: tuple[FieldSchema, ...] = (
    *identity(),
    lookup("MasterRecordId", "Master Record ID", "Case", **_READ_ONLY, in_events=False),
    text(
        "CaseNumber", "Case Number", 30, **_READ_ONLY, auto_number="{:08d}", name_field=True, nillable=False
    ),
    lookup("ContactId", "Contact ID", "Contact", child_relationship="Cases"),
    lookup("AccountId", "Account ID", "Account", child_relationship="Cases", on_parent_delete="restrict"),
    lookup("ParentId", "Parent Case ID", "Case", child_relationship="Cases"),
    text("SuppliedName", "Name", 80),
    of_type("email", "SuppliedEmail", "Email Address"),
    text("SuppliedPhone", "Phone", 40),
    text("SuppliedCompany", "Company", 80),
    picklist("Type", "Case Type", "Problem", "Feature Request", "Question", "Eligibility Review"),
    lookup("RecordTypeId", "Record Type ID", "RecordType"),
    picklist(
        "Status",
        "Status",
        "New",
        "Working",
        "Escalated",
        "Closed",
        restricted=True,
        default="New",
        nillable=False,
    ),
    picklist("Reason", "Case Reason", "New request", "Existing problem", "Feedback", "Other"),
    picklist("Origin", "Case Origin", "Phone", "Email", "Web"),
    text("Subject", "Subject"),
    picklist("Priority", "Priority", "High", "Medium", "Low", default="Medium"),
    long_text("Description", "Description"),
    of_type("boolean", "IsClosed", "Closed", **_READ_ONLY),
    of_type("datetime", "ClosedDate", "Closed Date", **_READ_ONLY),
    of_type("boolean", "IsEscalated", "Escalated"),
    owner(),
    *audit(),
    of_type("phone", "ContactPhone", "Contact Phone", **_READ_ONLY, in_events=False),
    of_type("phone", "ContactMobile", "Contact Mobile", **_READ_ONLY, in_events=False),
    of_type("email", "ContactEmail", "Contact Email", **_READ_ONLY, in_events=False),
    of_type("phone", "ContactFax", "Contact Fax", **_READ_ONLY, in_events=False),
    *view_stamps(),
)

_CUSTOM = number_custom_fields(
    2,
    text("Portal_Request_Id__c", "Portal Request ID", 36, external_id=True, unique=True),
    long_text("Portal_Service_Address__c", "Portal Service Address", 4_000),
    text("Portal_Product_Sku__c", "Portal Product SKU", 80),
    long_text("Portal_Notes__c", "Portal Notes", 4_000),
    picklist(
        "Portal_Eligibility_Decision__c",
        "Portal Eligibility Decision",
        "Approved",
        "Rejected",
        restricted=True,
    ),
    picklist("Portal_Eligibility_Result__c", "Portal Eligibility Result", *ELIGIBILITY_RESULTS),
    long_text("Portal_Eligibility_Notes__c", "Portal Eligibility Notes", 4_000),
)


def _derive(before: Row | None, row: Row, read: RowReader) -> Mapping[str, Any]:
    closed = row.get("Status") in CLOSED_STATUSES
    closed_at = row.get("ClosedDate") or row["LastModifiedDate"]
    return {
        "IsClosed": closed,
        "ClosedDate": closed_at if closed else None,
        **_derive_from_contact(row, read),
    }


def _derive_from_contact(row: Row, read: RowReader) -> Mapping[str, Any]:
    """The Account defaults to the Contact's, and the Contact's addresses are shown on the Case."""
    contact = read("Contact", row["ContactId"]) if "ContactId" in row else None
    contact = contact or {}
    shown = {
        "ContactPhone": "Phone",
        "ContactMobile": "MobilePhone",
        "ContactEmail": "Email",
        "ContactFax": "Fax",
    }
    derived = {name: contact.get(source) for name, source in shown.items()}
    if "AccountId" not in row and "AccountId" in contact:
        derived["AccountId"] = contact["AccountId"]
    return derived


CASE = EntitySchema(
    name="Case",
    label="Case",
    label_plural="Cases",
    key_prefix="500",
    fields=(*_STANDARD, *_CUSTOM),
    change_events=True,
    record_types=(
        RecordTypeSchema(developer_name="General", name="General", number=2, default=True),
        RecordTypeSchema(developer_name=ELIGIBILITY_RECORD_TYPE, name="Internet Eligibility", number=3),
    ),
    derive=_derive,
)
