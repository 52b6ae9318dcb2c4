"""The objects that describe the org itself: Organization, User, RecordType. The API may read them only."""

from sf_sync.emulator.schema.contact import compose_name
from sf_sync.emulator.schema.fields import audit, identity, lookup, of_type, picklist, text
from sf_sync.emulator.schema.model import EntitySchema

ORGANIZATION = EntitySchema(
    name="Organization",
    label="Organization",
    label_plural="Organizations",
    key_prefix="00D",
    fields=(
        *identity()[:1],
        text("Name", "Name", 80, name_field=True),
        text("InstanceName", "Instance Name", 5),
        of_type("boolean", "IsSandbox", "Is Sandbox"),
        picklist("OrganizationType", "Edition", "Developer Edition", "Enterprise Edition"),
        picklist("LanguageLocaleKey", "Language", "en_US", "ja", "ar"),
        picklist("DefaultLocaleSidKey", "Locale", "en_US", "ja_JP", "ar_OM"),
        picklist("TimeZoneSidKey", "Time Zone", "Asia/Tokyo", "Asia/Muscat", "GMT"),
        text("NamespacePrefix", "Namespace Prefix", 15),
        *audit(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)

USER = EntitySchema(
    name="User",
    label="User",
    label_plural="Users",
    key_prefix="005",
    fields=(
        *identity()[:1],
        text("Username", "Username", 80, unique=True),
        text("LastName", "Last Name", 80),
        text("FirstName", "First Name", 40),
        text("Name", "Full Name", 121, name_field=True),
        of_type("email", "Email", "Email"),
        text("Alias", "Alias", 8),
        of_type("boolean", "IsActive", "Active"),
        picklist("UserType", "User Type", "Standard"),
        picklist("TimeZoneSidKey", "Time Zone", "Asia/Tokyo", "Asia/Muscat", "GMT"),
        picklist("LocaleSidKey", "Locale", "en_US", "ja_JP", "ar_OM"),
        picklist("LanguageLocaleKey", "Language", "en_US", "ja", "ar"),
        *audit(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
    derive=compose_name,
)

RECORD_TYPE = EntitySchema(
    name="RecordType",
    label="Record Type",
    label_plural="Record Types",
    key_prefix="012",
    fields=(
        *identity()[:1],
        text("Name", "Name", 80, name_field=True),
        text("DeveloperName", "Record Type Name", 80),
        text("NamespacePrefix", "Namespace Prefix", 15),
        text("Description", "Description"),
        lookup("BusinessProcessId", "Business Process ID"),
        picklist("SobjectType", "SObject Type Name", "Account", "Case", restricted=True),
        of_type("boolean", "IsActive", "Active"),
        *audit(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)
