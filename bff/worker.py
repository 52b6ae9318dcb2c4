"""The worker process: every job of the product, with what it needs opened."""

import asyncio

import structlog

from bff import upkeep as _upkeep  # noqa: F401  (registers its jobs)
from bff.adapters import Adapters, make_adapters, opened
from bff.customers import accounts as _customers  # noqa: F401  (registers its deliveries)
from bff.deliveries import Deliveries
from bff.eligibility import delivery as _eligibility  # noqa: F401  (registers its deliveries)
from bff.jobs import run_worker
from bff.migration.side import following_phases, make_migrating
from bff.orders import tasks as _orders  # noqa: F401  (registers its jobs and deliveries)
from bff.orders.watch import OrderWatch
from bff.otp import upkeep as _codes  # noqa: F401  (registers its job)
from bff.settings import Settings
from bff.verification import delivery as _verification  # noqa: F401  (registers its deliveries)

log = structlog.get_logger(__name__)


async def work(settings: Settings, stop: asyncio.Event, adapters: Adapters | None = None) -> None:
    """Until `stop` is set; jobs under way get 10 s to end, and what they leave undone is found again."""
    side = make_migrating(adapters or make_adapters(settings), settings.legacy)
    async with opened(side.adapters) as open_adapters, following_phases(side, passes_verdicts=True):
        deliveries = Deliveries(open_adapters)
        context = {"adapters": open_adapters, "deliveries": deliveries, "settings": settings}
        watching = asyncio.create_task(OrderWatch(open_adapters).run(stop))
        try:
            await run_worker(open_adapters.jobs, context, stop=stop)
        finally:
            watching.cancel()
            (ended,) = await asyncio.gather(watching, return_exceptions=True)
            if isinstance(ended, Exception):
                log.error("order_watch_failed", exc_info=ended)
        await deliveries.drain()
