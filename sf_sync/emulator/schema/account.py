"""Account: the customer at Salesforce, with the portal's fields for eligibility and verification."""

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
    view_stamps,
)
from sf_sync.emulator.schema.model import EntitySchema, FieldSchema, RecordTypeSchema

ELIGIBILITY_STATUSES = ("Not Requested", "Pending", "Eligible", "Ineligible")
VERIFICATION_STATUSES = ("Not Submitted", "Submitted", "Verified", "Rejected")
ELIGIBILITY_RESULTS = ("Home", "Apartment", "Office")
INDUSTRIES = (
    "Banking",
    "Communications",
    "Education",
    "Government",
    "Retail",
    "Technology",
    "Telecommunications",
    "Other",
)
ACCOUNT_TYPES = ("Prospect", "Customer - Direct", "Customer - Channel", "Installation Partner", "Other")

_STANDARD: tuple[FieldSchema, ...] = (
    *identity(),
    lookup(
        "MasterRecordId", "Master Record ID", "Account", createable=False, updateable=False, in_events=False
    ),
    text("Name", "Account Name", nillable=False, name_field=True),
    picklist("Type", "Account Type", *ACCOUNT_TYPES),
    lookup("RecordTypeId", "Record Type ID", "RecordType"),
    lookup("ParentId", "Parent Account ID", "Account", child_relationship="ChildAccounts"),
    *address("BillingAddress", "Billing"),
    *address("ShippingAddress", "Shipping"),
    of_type("phone", "Phone", "Account Phone"),
    of_type("phone", "Fax", "Account Fax"),
    text("AccountNumber", "Account Number", 40),
    of_type("url", "Website", "Website"),
    text("Sic", "SIC Code", 20),
    picklist("Industry", "Industry", *INDUSTRIES),
    of_type("currency", "AnnualRevenue", "Annual Revenue"),
    of_type("int", "NumberOfEmployees", "Employees"),
    picklist("Ownership", "Ownership", "Public", "Private", "Subsidiary", "Other"),
    text("TickerSymbol", "Ticker Symbol", 20),
    long_text("Description", "Account Description"),
    picklist("Rating", "Account Rating", "Hot", "Warm", "Cold"),
    text("Site", "Account Site", 80),
    owner(),
    *audit(),
    of_type("date", "LastActivityDate", "Last Activity", createable=False, updateable=False, in_events=False),
    *view_stamps(),
    text("Jigsaw", "Data.com Key", 20),
    text("JigsawCompanyId", "Jigsaw Company ID", 20, createable=False, updateable=False),
    picklist(
        "CleanStatus",
        "Clean Status",
        "Matched",
        "Different",
        "Pending",
        "NotFound",
        "Inactive",
        restricted=True,
    ),
    picklist("AccountSource", "Account Source", "Web", "Phone Inquiry", "Partner Referral", "Other"),
    text("DunsNumber", "D-U-N-S Number", 9),
    text("Tradestyle", "Tradestyle"),
    text("NaicsCode", "NAICS Code", 8),
    text("NaicsDesc", "NAICS Description", 120),
    text("YearStarted", "Year Started", 4),
    text("SicDesc", "SIC Description", 80),
)

_CUSTOM = number_custom_fields(
    1,
    picklist(
        "Internet_Eligibility_Status__c",
        "Internet Eligibility Status",
        *ELIGIBILITY_STATUSES,
        restricted=True,
    ),
    picklist("Internet_Eligibility__c", "Internet Eligibility", *ELIGIBILITY_RESULTS),
    of_type(
        "datetime", "Internet_Eligibility_Request_Date_Time__c", "Internet Eligibility Request Date/Time"
    ),
    of_type(
        "datetime", "Internet_Eligibility_Checked_Date_Time__c", "Internet Eligibility Checked Date/Time"
    ),
    long_text("Internet_Eligibility_Notes__c", "Internet Eligibility Notes", 4_000),
    text("Internet_Eligibility_Case_Id__c", "Internet Eligibility Case ID", 18),
    picklist("Id_Verification_Status__c", "ID Verification Status", *VERIFICATION_STATUSES, restricted=True),
    of_type("datetime", "Id_Verification_Submitted_Date_Time__c", "ID Verification Submitted Date/Time"),
    of_type("datetime", "Id_Verification_Verified_Date_Time__c", "ID Verification Verified Date/Time"),
    long_text("Id_Verification_Note__c", "ID Verification Note", 4_000),
    long_text("Id_Verification_Rejection_Message__c", "ID Verification Rejection Message", 4_000),
    text("Id_Verification_Content_Document_Id__c", "ID Verification Content Document ID", 18),
    text("Id_Verification_Submitted_Version_Id__c", "ID Verification Submitted Version ID", 18),
    text("Id_Verification_Reviewed_Version_Id__c", "ID Verification Reviewed Version ID", 18),
    text("Portal_Customer_Id__c", "Portal Customer ID", 36, external_id=True, unique=True),
)

ACCOUNT = EntitySchema(
    name="Account",
    label="Account",
    label_plural="Accounts",
    key_prefix="001",
    fields=(*_STANDARD, *_CUSTOM),
    change_events=True,
    record_types=(
        RecordTypeSchema(developer_name="Portal_Customer", name="Portal Customer", number=1, default=True),
    ),
)
