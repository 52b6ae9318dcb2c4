"""A worker as a process of its own, to be killed: `python -m tests.faults.delivery_process`.

What it delivers goes to a list in Valkey that takes every entry, also the second of the same.
"""

import asyncio
import os
import random
import signal
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from bff.adapters import Adapters, make_adapters, opened
from bff.audit import record
from bff.deliveries import Delivered, Deliveries, Delivery, DeliveryHandler, Outcome, Pace, Refused, handler
from bff.jobs import run_worker
from bff.settings import Settings, read_settings

KIND = "test_list"
LIST = "delivered"
PACE = Pace(job_after_s=0, lease_margin_s=0.5, late_s=0.5)


@handler(KIND)
class ListHandler(DeliveryHandler):
    timeout_s: ClassVar[float] = 1.0

    async def send(self, delivery: Delivery, adapters: Adapters) -> Outcome:
        await asyncio.sleep(random.uniform(0, 0.03))
        await adapters.redis.call("RPUSH", LIST, str(delivery.id))
        await asyncio.sleep(random.uniform(0, 0.03))
        return Delivered(None)

    async def find(self, delivery: Delivery, adapters: Adapters) -> Delivered | None:
        return (
            Delivered(None) if await adapters.redis.call("LPOS", LIST, str(delivery.id)) is not None else None
        )

    async def settle(self, session: AsyncSession, delivery: Delivery, outcome: Delivered | Refused) -> None:
        await record(
            session, org_id=delivery.org_id, actor="test", action="list.settled", subject=str(delivery.id)
        )


async def main(settings: Settings) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with opened(make_adapters(settings)) as adapters:
        context = {"deliveries": Deliveries(adapters, pace=PACE), "adapters": adapters}
        await run_worker(adapters.jobs, context, stop=stop, grace_s=1)


if __name__ == "__main__":
    asyncio.run(main(read_settings(os.environ)))
