"""The demo org: the customers of the portal's demo, one in each state, and the offers that they can buy."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from sf_sync.emulator.demo_documents import seed_document
from sf_sync.emulator.platform_seed import INTEGRATION_USERNAME, STANDARD_PRICEBOOK, find_user_id
from sf_sync.emulator.store import Org
from sf_sync.emulator.transaction import Transaction
from sf_sync.emulator.wire_time import format_instant

_Values = dict[str, Any]


class DemoCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """`days_ago` is when the customer asked; the facts are Account fields."""

    first_name: str
    last_name: str
    email: str
    city: str = "Tokyo"
    facts: Mapping[str, str] = {}
    days_ago: int | None = None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class DemoOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A product with its monthly price in yen."""

    sku: str
    name: str
    family: str
    price: int
    description: str
    result: str | None = None
    """The eligibility result that an internet offer is for."""


CUSTOMERS = (
    DemoCustomer(first_name="Hana", last_name="Sato", email="hana@customer.example"),
    DemoCustomer(
        first_name="Kenji",
        last_name="Mori",
        email="kenji@customer.example",
        facts={"Internet_Eligibility_Status__c": "Pending", "Id_Verification_Status__c": "Submitted"},
        days_ago=1,
    ),
    DemoCustomer(
        first_name="Sara",
        last_name="Ito",
        email="sara@customer.example",
        city="Yokohama",
        facts={
            "Internet_Eligibility_Status__c": "Eligible",
            "Internet_Eligibility__c": "Home",
            "Id_Verification_Status__c": "Verified",
        },
        days_ago=12,
    ),
    DemoCustomer(
        first_name="Omar",
        last_name="Hashimi",
        email="omar@customer.example",
        city="Kawasaki",
        facts={
            "Internet_Eligibility_Status__c": "Ineligible",
            "Internet_Eligibility_Notes__c": "No fibre reaches this building yet.",
            "Id_Verification_Status__c": "Rejected",
            "Id_Verification_Rejection_Message__c": "The photo is too blurry to read the card number.",
        },
        days_ago=8,
    ),
    DemoCustomer(first_name="Noor", last_name="Saleh", email="noor@customer.example", city="Muscat"),
)

OFFERS = (
    DemoOffer(
        sku="NET-HOME-1G",
        name="Home Internet 1 Gbps",
        family="Internet",
        price=5_720,
        description="Fibre for detached houses, up to 1 Gbps. A wireless router is included.",
        result="Home",
    ),
    DemoOffer(
        sku="NET-HOME-10G",
        name="Home Internet 10 Gbps",
        family="Internet",
        price=7_480,
        description="Fibre for detached houses, up to 10 Gbps. Our fastest wireless router is included.",
        result="Home",
    ),
    DemoOffer(
        sku="NET-APT-1G",
        name="Apartment Internet 1 Gbps",
        family="Internet",
        price=4_180,
        description="Up to 1 Gbps over the fibre of your building.",
        result="Apartment",
    ),
    DemoOffer(
        sku="NET-APT-100M",
        name="Apartment Internet 100 Mbps",
        family="Internet",
        price=3_520,
        description="Up to 100 Mbps over the telephone lines of your building.",
        result="Apartment",
    ),
    DemoOffer(
        sku="SIM-3G",
        name="SIM 3 GB",
        family="SIM",
        price=990,
        description="3 GB a month, calls by the minute.",
    ),
    DemoOffer(
        sku="SIM-20G",
        name="SIM 20 GB",
        family="SIM",
        price=2_178,
        description="20 GB a month, five minutes free in every call.",
    ),
    DemoOffer(
        sku="SIM-MAX",
        name="SIM Unlimited",
        family="SIM",
        price=3_278,
        description="Data without a limit, calls included.",
    ),
)


def get_customer_key(email: str) -> UUID:
    """The Portal_Customer_Id__c of a demo customer: the portal's seed computes the same."""
    return uuid5(NAMESPACE_URL, f"portal-bff:customer:{email}")


def seed_demo(org: Org) -> None:
    """Fill an org that has no Account; does nothing to any other."""
    if org.tables["Account"].rows:
        return
    user_id = find_user_id(org, INTEGRATION_USERNAME)
    with org.transaction(user_id=user_id or "") as transaction:
        for offer in OFFERS:
            _seed_offer(transaction, offer)
        for customer in CUSTOMERS:
            _seed_customer(transaction, customer)


def _seed_offer(transaction: Transaction, offer: DemoOffer) -> None:
    product = {
        "Name": offer.name,
        "Description": offer.description,
        "ProductCode": offer.sku,
        "StockKeepingUnit": offer.sku,
        "Family": offer.family,
        "IsActive": True,
        "Portal_Product_Type__c": offer.family,
        "Portal_Eligibility_Result__c": offer.result,
    }
    product_id = transaction.insert("Product2", product)
    book = next(transaction.org.select("Pricebook2", lambda row: row["Name"] == STANDARD_PRICEBOOK))
    entry = {"Pricebook2Id": book["Id"], "Product2Id": product_id, "UnitPrice": offer.price, "IsActive": True}
    transaction.insert("PricebookEntry", entry)


def _seed_customer(transaction: Transaction, customer: DemoCustomer) -> None:
    account_id = transaction.insert("Account", _describe_account(customer, transaction.at))
    contact = {"AccountId": account_id, "Email": customer.email, "Phone": "+81 3-5550-0100"}
    contact |= {"FirstName": customer.first_name, "LastName": customer.last_name}
    contact_id = transaction.insert("Contact", contact)
    if customer.facts.get("Internet_Eligibility_Status__c") == "Pending":
        _seed_case(transaction, customer, account_id, contact_id)
    if customer.days_ago is not None:
        _seed_document(transaction, customer, account_id)


def _describe_account(customer: DemoCustomer, now: datetime) -> _Values:
    account: _Values = {
        "Name": customer.name,
        "Portal_Customer_Id__c": str(get_customer_key(customer.email)),
        "BillingCity": customer.city,
        **customer.facts,
    }
    if customer.days_ago is None:
        return account
    asked = now - timedelta(days=customer.days_ago)
    decided = format_instant(asked + timedelta(hours=5))
    account["Internet_Eligibility_Request_Date_Time__c"] = format_instant(asked)
    account["Id_Verification_Submitted_Date_Time__c"] = format_instant(asked)
    if customer.facts["Internet_Eligibility_Status__c"] != "Pending":
        account["Internet_Eligibility_Checked_Date_Time__c"] = decided
    if customer.facts["Id_Verification_Status__c"] == "Verified":
        account["Id_Verification_Verified_Date_Time__c"] = decided
    return account


def _seed_document(transaction: Transaction, customer: DemoCustomer, account_id: str) -> None:
    seed_document(
        transaction,
        account_id,
        name=customer.name,
        email=customer.email,
        asked_at=transaction.at - timedelta(days=customer.days_ago or 0),
        blurry=customer.facts["Id_Verification_Status__c"] == "Rejected",
    )


def _seed_case(transaction: Transaction, customer: DemoCustomer, account_id: str, contact_id: str) -> None:
    record_type = next(
        transaction.org.select("RecordType", lambda row: row["DeveloperName"] == "Internet_Eligibility")
    )
    case = {
        "AccountId": account_id,
        "ContactId": contact_id,
        "RecordTypeId": record_type["Id"],
        "Subject": "Internet eligibility review",
        "Origin": "Web",
        "Portal_Request_Id__c": str(uuid5(NAMESPACE_URL, f"portal-bff:request:{customer.email}")),
        "Portal_Service_Address__c": "Maison Aoba 301, 2-4-8 Aobadai, Meguro-ku, Tokyo 153-0042, Japan",
        "Portal_Product_Sku__c": "NET-HOME-1G",
    }
    case_id = transaction.insert("Case", case)
    transaction.update("Account", account_id, {"Internet_Eligibility_Case_Id__c": case_id})
