"""Product2, Pricebook2 and PricebookEntry: what the shop sells and for how much."""

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
    picklist,
    text,
)
from sf_sync.emulator.schema.model import EntitySchema, Row, RowReader

PRODUCT2 = EntitySchema(
    name="Product2",
    label="Product",
    label_plural="Products",
    key_prefix="01t",
    fields=(
        *identity(),
        text("Name", "Product Name", nillable=False, name_field=True),
        text("ProductCode", "Product Code"),
        long_text("Description", "Product Description", 4_000),
        of_type("boolean", "IsActive", "Active"),
        picklist("Family", "Product Family", "Internet", "SIM", "Device"),
        text("ExternalId", "External ID"),
        of_type("url", "DisplayUrl", "Display URL"),
        picklist("QuantityUnitOfMeasure", "Quantity Unit Of Measure", "Each"),
        text("StockKeepingUnit", "Product SKU", 180),
        *audit(),
        *number_custom_fields(
            3,
            picklist("Portal_Product_Type__c", "Portal Product Type", "Internet", "SIM", restricted=True),
            picklist("Portal_Eligibility_Result__c", "Portal Eligibility Result", *ELIGIBILITY_RESULTS),
        ),
    ),
    change_events=True,
)

PRICEBOOK2 = EntitySchema(
    name="Pricebook2",
    label="Price Book",
    label_plural="Price Books",
    key_prefix="01s",
    fields=(
        *identity(),
        text("Name", "Price Book Name", nillable=False, name_field=True),
        text("Description", "Description"),
        of_type("boolean", "IsActive", "Active"),
        of_type("boolean", "IsStandard", "Is Standard Price Book", createable=False, updateable=False),
        *audit(),
    ),
    change_events=True,
)


def _derive_entry(before: Row | None, row: Row, read: RowReader) -> Mapping[str, Any]:
    product = read("Product2", row.get("Product2Id", "")) or {}
    return {"Name": product.get("Name"), "ProductCode": product.get("ProductCode")}


PRICEBOOK_ENTRY = EntitySchema(
    name="PricebookEntry",
    label="Price Book Entry",
    label_plural="Price Book Entries",
    key_prefix="01u",
    fields=(
        *identity(),
        text("Name", "Product Name", createable=False, updateable=False, name_field=True),
        lookup(
            "Pricebook2Id",
            "Price Book ID",
            "Pricebook2",
            child_relationship="PricebookEntries",
            nillable=False,
            updateable=False,
            on_parent_delete="cascade",
        ),
        lookup(
            "Product2Id",
            "Product ID",
            "Product2",
            child_relationship="PricebookEntries",
            nillable=False,
            updateable=False,
            on_parent_delete="cascade",
        ),
        of_type("currency", "UnitPrice", "List Price", scale=2, nillable=False),
        picklist(
            "CurrencyIsoCode",
            "Currency ISO Code",
            "JPY",
            "OMR",
            "USD",
            restricted=True,
            default="JPY",
            updateable=False,
        ),
        of_type("boolean", "IsActive", "Active"),
        of_type("boolean", "UseStandardPrice", "Use Standard Price"),
        text("ProductCode", "Product Code", createable=False, updateable=False),
        *audit(),
    ),
    change_events=True,
    derive=_derive_entry,
)
