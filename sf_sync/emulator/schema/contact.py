"""Contact: the person behind an Account."""

from collections.abc import Mapping
from typing import Any

from sf_sync.emulator.schema.fields import (
    address,
    audit,
    identity,
    long_text,
    lookup,
    number_custom_fields,
    of_type,
    owner,
    person_name,
    picklist,
    text,
    view_stamps,
)
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, Row, RowReader

_FIELDS: tuple[FieldSchema, ...] = (
    *identity(),
    lookup("AccountId", "Account ID", "Account", child_relationship="Contacts", on_parent_delete="cascade"),
    *person_name(),
    *address("OtherAddress", "Other"),
    *address("MailingAddress", "Mailing"),
    of_type("phone", "Phone", "Business Phone"),
    of_type("phone", "Fax", "Business Fax"),
    of_type("phone", "MobilePhone", "Mobile Phone"),
    of_type("phone", "HomePhone", "Home Phone"),
    of_type("phone", "OtherPhone", "Other Phone"),
    lookup("ReportsToId", "Reports To ID", "Contact"),
    of_type("email", "Email", "Email"),
    text("Title", "Title", 128),
    text("Department", "Department", 80),
    picklist("LeadSource", "Lead Source", "Web", "Phone Inquiry", "Partner Referral", "Other"),
    of_type("date", "Birthdate", "Birthdate"),
    long_text("Description", "Contact Description"),
    owner(),
    *audit(),
    *view_stamps(),
    *number_custom_fields(
        5,
        # Not unique, as keys from older systems are: an upsert by it may find several contacts.
        text("Legacy_Customer_Id__c", "Legacy Customer ID", 40, external_id=True),
    ),
)


def compose_name(before: Row | None, row: Row, read: RowReader) -> Mapping[str, Any]:
    """The whole name from its parts, as the platform shows it."""
    parts = (row.get("FirstName"), row.get("LastName"))
    return {"Name": " ".join(part for part in parts if part) or None}


CONTACT = EntitySchema(
    name="Contact",
    label="Contact",
    label_plural="Contacts",
    key_prefix="003",
    fields=_FIELDS,
    change_events=True,
    derive=compose_name,
)
