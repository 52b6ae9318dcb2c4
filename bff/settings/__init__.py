"""The environment, read once into frozen structs; one table of variables feeds reading, docs and `.env.example`.

Imports `sf_sync.settings` for the structs that the Salesforce side takes, and nothing else of the product.
"""

from bff.settings.model import (
    CodeSettings,
    DatabaseSettings,
    DocumentSettings,
    Environment,
    IdentitySettings,
    LegacySettings,
    SearchLimits,
    Settings,
    SmsSettings,
    TwilioSettings,
)
from bff.settings.reading import SettingsError, read_settings

__all__ = [
    "CodeSettings",
    "DatabaseSettings",
    "DocumentSettings",
    "Environment",
    "IdentitySettings",
    "LegacySettings",
    "SearchLimits",
    "Settings",
    "SettingsError",
    "SmsSettings",
    "TwilioSettings",
    "read_settings",
]
