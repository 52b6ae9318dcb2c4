"""Makes the desk known to the tests of codes."""

import msgspec
import pytest

from bff.settings import Settings
from tests.integration.bff.otp.scenery import desk

__all__ = ["desk"]


@pytest.fixture
def portal_settings(portal_settings: Settings) -> Settings:
    """A hundred entries at once wait for their turn however slow the machine is."""
    database = msgspec.structs.replace(portal_settings.database, pool_timeout_s=30)
    return msgspec.structs.replace(portal_settings, database=database)
