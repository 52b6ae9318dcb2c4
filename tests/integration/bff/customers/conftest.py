import pytest

from tests.fixtures.portal import Portal
from tests.integration.bff.customers.desk import Desk


@pytest.fixture
def desk(portal: Portal) -> Desk:
    return Desk(portal)
