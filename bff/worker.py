"""The worker process: every job of the product, with what it needs opened."""

import asyncio

from bff import upkeep as _upkeep  # noqa: F401  (registers its jobs)
from bff.adapters import Adapters, make_adapters, opened
from bff.deliveries import Deliveries
from bff.eligibility import delivery as _eligibility  # noqa: F401  (registers its deliveries)
from bff.jobs import run_worker
from bff.settings import Settings
from bff.verification import delivery as _verification  # noqa: F401  (registers its deliveries)


async def work(settings: Settings, stop: asyncio.Event, adapters: Adapters | None = None) -> None:
    """Until `stop` is set; jobs under way get 10 s to end, and what they leave undone is found again."""
    async with opened(adapters or make_adapters(settings)) as open_adapters:
        deliveries = Deliveries(open_adapters)
        context = {"adapters": open_adapters, "deliveries": deliveries, "settings": settings}
        await run_worker(open_adapters.jobs, context, stop=stop)
        await deliveries.drain()
