from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bff.adapters import Adapters
from bff.deliveries import Deliveries
from tests.integration.bff.deliveries import ledger as ledger_module
from tests.integration.bff.deliveries.ledger import Ledger, Outbox, make_org


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """An empty one, in the place where the registered handler looks."""
    empty = Ledger()
    monkeypatch.setattr(ledger_module, "ledger", empty)
    return empty


@pytest_asyncio.fixture
async def outbox(portal_adapters: Adapters, ledger: Ledger) -> AsyncIterator[Outbox]:
    yield Outbox(
        Deliveries(portal_adapters, chance=lambda: 0.0), portal_adapters, await make_org(portal_adapters)
    )
    await portal_adapters.database.close()
