"""What every org is born with: its own row, its users, record types and the standard price book."""

from sf_sync.emulator.record_ids import make_record_id
from sf_sync.emulator.store import Org
from sf_sync.emulator.transaction import Transaction

ORG_NAME = "Portal Telecom"
INTEGRATION_USERNAME = "integration@portal.example"
REVIEWER_USERNAME = "reviewer@portal.example"
STANDARD_PRICEBOOK = "Standard Price Book"

_USERS = (
    ("Automated", "Process", "autoproc@portal.example"),
    ("Portal", "Integration", INTEGRATION_USERNAME),
    ("Rika", "Reviewer", REVIEWER_USERNAME),
    ("Adel", "Admin", "admin@portal.example"),
)


def seed_platform(org: Org) -> None:
    """Bring a new org into being; does nothing to one that is there."""
    if org.tables["Organization"].rows:
        return
    with org.transaction(user_id=make_record_id("005", 1)) as transaction:
        transaction.insert("Organization", _ORGANIZATION, as_system=True)
        for number, (first, last, username) in enumerate(_USERS, start=1):
            transaction.insert("User", _describe_user(number, first, last, username), as_system=True)
        _seed_record_types(org, transaction)
        book = {"Name": STANDARD_PRICEBOOK, "IsActive": True, "IsStandard": True}
        transaction.insert("Pricebook2", book, as_system=True)


def find_user_id(org: Org, username: str) -> str | None:
    """The id of the active user with this name."""
    found = org.find_by("User", "Username", username)
    return str(found[0]["Id"]) if found and found[0]["IsActive"] else None


_ORGANIZATION = {
    "Name": ORG_NAME,
    "InstanceName": "LOC1",
    "IsSandbox": False,
    "OrganizationType": "Developer Edition",
    "LanguageLocaleKey": "en_US",
    "DefaultLocaleSidKey": "en_US",
    "TimeZoneSidKey": "GMT",
}


def _describe_user(number: int, first: str, last: str, username: str) -> dict[str, object]:
    return {
        "Id": make_record_id("005", number),
        "FirstName": first,
        "LastName": last,
        "Username": username,
        "Email": username,
        "Alias": last[:8].lower(),
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
    }


def _seed_record_types(org: Org, transaction: Transaction) -> None:
    for entity in org.schema.values():
        for record_type in entity.record_types:
            row = {
                "Id": make_record_id("012", record_type.number),
                "Name": record_type.name,
                "DeveloperName": record_type.developer_name,
                "SobjectType": entity.name,
                "IsActive": True,
            }
            transaction.insert("RecordType", row, as_system=True)
