"""Order and OrderItem: what a customer bought."""

from collections.abc import Mapping
from typing import Any

from sf_sync.emulator.refusals import SalesforceRefusal
from sf_sync.emulator.schema.fields import (
    address,
    audit,
    identity,
    long_text,
    lookup,
    number_custom_fields,
    of_type,
    owner,
    picklist,
    text,
)
from sf_sync.emulator.schema.model import EntitySchema, Row, RowReader

_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}
ORDER_STATUSES = ("Draft", "Activated", "On Hold", "Cancelled")
ID_REVIEW_STATUSES = ("Pending", "Approved", "Rejected")
_STATUS_CODES = {"Draft": "Draft", "On Hold": "Draft", "Activated": "Activated", "Cancelled": "Canceled"}


def _derive_order(before: Row | None, row: Row, read: RowReader) -> Mapping[str, Any]:
    if before is None and row.get("Status") == "Activated":
        raise SalesforceRefusal(
            "FAILED_ACTIVATION", "Choose a valid order status and save your changes again.", fields=["Status"]
        )
    return {
        "StatusCode": _STATUS_CODES.get(row.get("Status", ""), "Draft"),
        "TotalAmount": row.get("TotalAmount", 0.0),
    }


ORDER = EntitySchema(
    name="Order",
    label="Order",
    label_plural="Orders",
    key_prefix="801",
    fields=(
        *identity(),
        owner(),
        lookup(
            "AccountId",
            "Account ID",
            "Account",
            child_relationship="Orders",
            nillable=False,
            on_parent_delete="restrict",
        ),
        lookup("Pricebook2Id", "Price Book ID", "Pricebook2", child_relationship="Orders"),
        of_type("date", "EffectiveDate", "Order Start Date", nillable=False),
        of_type("date", "EndDate", "Order End Date"),
        picklist("Status", "Status", *ORDER_STATUSES, restricted=True, nillable=False),
        long_text("Description", "Description"),
        lookup("CustomerAuthorizedById", "Customer Authorized By ID", "Contact"),
        picklist("Type", "Order Type", "Internet", "SIM", "Mixed"),
        *address("BillingAddress", "Billing"),
        *address("ShippingAddress", "Shipping"),
        text("Name", "Order Name", 80, name_field=True),
        text("PoNumber", "PO Number", 80),
        text("OrderReferenceNumber", "Order Reference Number", 80),
        lookup("BillToContactId", "Bill To Contact ID", "Contact"),
        lookup("ShipToContactId", "Ship To Contact ID", "Contact"),
        of_type("currency", "TotalAmount", "Order Amount", scale=2, **_READ_ONLY),
        picklist("CurrencyIsoCode", "Order Currency", "JPY", "OMR", "USD", restricted=True, default="JPY"),
        picklist("StatusCode", "Status Category", "Draft", "Activated", "Canceled", **_READ_ONLY),
        text("OrderNumber", "Order Number", 30, **_READ_ONLY, auto_number="{:08d}"),
        *audit(),
        *number_custom_fields(
            4,
            text("Portal_Order_Id__c", "Portal Order ID", 36, external_id=True, unique=True),
            long_text("Portal_Hold_Reason__c", "Portal Hold Reason", 4_000),
            text("Portal_Delivery_Contact__c", "Portal Delivery Contact"),
            of_type("phone", "Portal_Delivery_Phone__c", "Portal Delivery Phone"),
            picklist("Id_Review_Status__c", "ID Review Status", *ID_REVIEW_STATUSES, restricted=True),
            long_text("Id_Review_Message__c", "ID Review Message", 4_000),
            text("Id_Review_Version_Id__c", "ID Review Version ID", 18),
            of_type("datetime", "Portal_Submit_By__c", "Portal Submit By"),
        ),
    ),
    change_events=True,
    derive=_derive_order,
)


def _derive_item(before: Row | None, row: Row, read: RowReader) -> Mapping[str, Any]:
    order = read("Order", row.get("OrderId", "")) or {}
    entry = read("PricebookEntry", row.get("PricebookEntryId", "")) or {}
    if order and entry and entry.get("Pricebook2Id") != order.get("Pricebook2Id"):
        message = (
            "field integrity exception: PricebookEntryId (pricebook entry is not in the order's price book)"
        )
        raise SalesforceRefusal("FIELD_INTEGRITY_EXCEPTION", message, fields=["PricebookEntryId"])
    total = row.get("UnitPrice", 0) * row.get("Quantity", 0)
    return {
        "Product2Id": entry.get("Product2Id"),
        "ListPrice": entry.get("UnitPrice"),
        "TotalPrice": float(total),
    }


ORDER_ITEM = EntitySchema(
    name="OrderItem",
    label="Order Product",
    label_plural="Order Products",
    key_prefix="802",
    fields=(
        *identity(),
        lookup("Product2Id", "Product ID", "Product2", **_READ_ONLY),
        lookup(
            "OrderId",
            "Order ID",
            "Order",
            child_relationship="OrderItems",
            nillable=False,
            updateable=False,
            on_parent_delete="cascade",
        ),
        lookup("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", nillable=False, updateable=False),
        of_type("double", "Quantity", "Quantity", scale=2, nillable=False),
        of_type("currency", "UnitPrice", "Unit Price", scale=2, nillable=False),
        of_type("currency", "ListPrice", "List Price", scale=2, **_READ_ONLY),
        of_type("currency", "TotalPrice", "Total Price", scale=2, **_READ_ONLY),
        of_type("date", "ServiceDate", "Start Date"),
        of_type("date", "EndDate", "End Date"),
        text("Description", "Line Description"),
        text(
            "OrderItemNumber",
            "Order Product Number",
            30,
            **_READ_ONLY,
            auto_number="{:010d}",
            name_field=True,
        ),
        *audit(),
    ),
    change_events=True,
    derive=_derive_item,
)
