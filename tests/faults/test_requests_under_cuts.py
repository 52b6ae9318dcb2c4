"""Many customers ask for a review while answers are cut: every one gets exactly one Case."""

import asyncio
from collections import Counter

import pytest

from bff.deliveries import Deliveries, DeliveryState
from bff.eligibility.acceptance import Asked
from bff.eligibility.service import Eligibility
from bff.identity import Caller
from sf_sync.client.breaker import Breaker
from tests.faults.customers import AT_ONCE, deliver_all, make_accounts, make_customers
from tests.integration.bff.scene import Scene, scene

__all__ = ["scene"]

CUT_AFTER, CUT_BEFORE = 0.2, 0.1


async def ask(eligibility: Eligibility, callers: list[Caller]) -> Counter[int]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask_one(caller: Caller) -> int:
        async with gate:
            return (await eligibility.request_review(caller, Asked())).status

    return Counter(await asyncio.gather(*(ask_one(caller) for caller in callers)))


@pytest.mark.fault
@pytest.mark.timeout(900)
@pytest.mark.asyncio
class TestRequestsUnderCuts:
    @pytest.mark.parametrize("requests", [120, pytest.param(2_000, marks=pytest.mark.soak)])
    async def test_open_exactly_one_case_each(self, scene: Scene, requests: int) -> None:
        emulator = scene.emulator
        callers = await make_customers(scene.portal, make_accounts(emulator, requests))
        # The breaker would rest for ten seconds at every third cut in a row; here each cut shall meet a call.
        async with scene.another_process(breaker=Breaker(failures_to_open=10_000)) as process:
            deliveries = Deliveries(process.adapters)
            eligibility = Eligibility(process.adapters, deliveries, requests_per_minute=60)
            emulator.faults.change({"seed": 7, "cut_after_ratio": CUT_AFTER, "cut_before_ratio": CUT_BEFORE})

            answers = await ask(eligibility, callers)
            await deliver_all(scene, deliveries)

        assert answers == {202: requests}
        cases = Counter(case["AccountId"] for case in emulator.org.select("Case"))
        asked = {str(caller.account_id) for caller in callers}
        assert {account_id: cases[account_id] for account_id in asked} == dict.fromkeys(asked, 1)
        states = await scene.list_rows("SELECT state, count(*) FROM deliveries GROUP BY state")
        assert states == [{"state": DeliveryState.DELIVERED, "count": requests}]
