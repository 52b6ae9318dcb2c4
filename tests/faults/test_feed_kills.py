"""A feed that is killed at any moment loses nothing: every event takes effect before its position is saved."""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import Process as Child
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from cache.policy import LeasePolicy
from sf_sync.accounts import AccountView, Sighting
from sf_sync.salesforce import Salesforce
from tests.integration.feed.fixtures import engine, rig
from tests.integration.feed.rig import ORG, Rig, until

__all__ = ["engine", "rig"]

ACCOUNTS = 200
CHANGES_PER_S = 80
UNFORGIVING = LeasePolicy(ttl_s=3_600.0, unwatched_ttl_s=None)
"""Entries live long without a heartbeat: nothing but an invalidation makes up for a lost event."""


class Feeds:
    """Two feed processes, one of which leads; whoever is killed is started again."""

    def __init__(self, rig: Rig) -> None:
        self._environ = {
            **os.environ,
            "REDIS_URL": rig.redis_url,
            "SALESFORCE_URL": rig.url,
            "SALESFORCE_CLIENT_ID": "portal-bff",
            "SALESFORCE_CLIENT_SECRET": "local-development-only",
            "SALESFORCE_PUBSUB_TARGET": rig.settings.pubsub_target,
        }
        self._children: list[Child] = []
        self.kills = 0

    async def start(self) -> None:
        command = (sys.executable, "-m", "tests.faults.feed_process")
        child = await asyncio.create_subprocess_exec(
            *command, env=self._environ, stdout=asyncio.subprocess.DEVNULL
        )
        self._children.append(child)

    async def kill_one(self) -> None:
        """The older one, which leads unless it is still starting."""
        child = self._children.pop(0)
        child.kill()
        await child.wait()
        self.kills += 1
        await self.start()

    async def close(self) -> None:
        for child in self._children:
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                assert await child.wait() == 0


@pytest_asyncio.fixture
async def feeds(rig: Rig) -> AsyncIterator[Feeds]:
    feeds = Feeds(rig)
    yield feeds
    await feeds.close()


async def change_all_the_time(
    rig: Rig, accounts: list[str], dice: random.Random, changes: int
) -> dict[str, str]:
    """The last result of each account."""
    last: dict[str, str] = {}
    for number in range(changes):
        account = dice.choice(accounts)
        last[account] = f"Result {number}"
        rig.change(account, last[account])
        await asyncio.sleep(1 / CHANGES_PER_S)
    return last


async def read_all_the_time(view: AccountView, accounts: list[str]) -> None:
    """Fills entries that a lost event would leave wrong."""
    while True:
        await read_all(view, accounts)
        await asyncio.sleep(0.02)


async def read_all(view: AccountView, accounts: list[str]) -> dict[str, Sighting]:
    sightings = await asyncio.gather(*(view.read(ORG, account) for account in accounts))
    return dict(zip(accounts, sightings, strict=True))


async def kill_at_random(feeds: Feeds, dice: random.Random, *, changes: int, kills: int) -> None:
    span_s = changes / CHANGES_PER_S / kills
    for _ in range(kills):
        await asyncio.sleep(span_s * dice.uniform(0.2, 1.8))
        await feeds.kill_one()


@pytest.mark.fault
@pytest.mark.asyncio
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("changes", "kills"), [(500, 5), pytest.param(2_000, 20, marks=pytest.mark.soak)])
async def test_killed_again_and_again_during_changes_leaves_no_entry_wrong(
    rig: Rig, feeds: Feeds, changes: int, kills: int
) -> None:
    dice = random.Random(1)
    accounts = rig.make_accounts(ACCOUNTS)
    view = AccountView(Salesforce(rig.web.client), rig.web.redis, rig.web.broadcast, policy=UNFORGIVING)
    await feeds.start()
    await feeds.start()
    await until(rig.has_position, within_s=20)
    epoch = await rig.get_epoch()
    reading = asyncio.create_task(read_all_the_time(view, accounts))
    killing = asyncio.create_task(kill_at_random(feeds, dice, changes=changes, kills=kills))

    last = await change_all_the_time(rig, accounts, dice, changes)
    await killing
    reading.cancel()

    await until_the_last_event_took_effect(rig, view, accounts[0])
    del last[accounts[0]]
    sightings = await read_all(view, accounts)
    wrong = [
        account for account, result in last.items() if sightings[account].facts.eligibility.result != result
    ]
    assert wrong == []
    cached = sum(sighting.freshness.source == "cache" for sighting in sightings.values())
    assert cached > ACCOUNTS / 2, "too few entries to say anything"
    assert await rig.get_epoch() == epoch, (
        "everything was forgotten at once, so that single events did not matter"
    )
    assert feeds.kills == kills


async def until_the_last_event_took_effect(rig: Rig, view: AccountView, account: str) -> None:
    """Events take effect in their order: when one more has, all before it have."""
    await read_all(view, [account])
    rig.change(account, "The last one")

    async def is_shown() -> bool:
        return (await view.read(ORG, account)).facts.eligibility.result == "The last one"

    await until(is_shown, within_s=20, what="the last change")
