import pytest

from tests.fixtures.portal import Portal
from tests.integration.bff.customers.search.town import Town


@pytest.fixture
def town(portal: Portal) -> Town:
    return Town(portal)
