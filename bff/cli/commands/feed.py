"""`bff feed`."""

import asyncio
from pathlib import Path

import click

from bff.cli import options
from bff.cli.environment import load_settings
from bff.cli.running import run_until_signal
from bff.salesforce_side import make_salesforce_side, opened_in_order
from bff.settings import Settings
from sf_sync.feed.feed import Feed
from sf_sync.feed.offer_changes import make_offer_topics


@click.command("feed")
@options.data_dir
def command(data_dir: Path) -> None:
    """Follow the changes in Salesforce and forget what they made stale.

    One process leads; more may run and stand by.
    """
    settings = load_settings(data_dir)
    run_until_signal(lambda stop: follow(settings, stop))


async def follow(settings: Settings, stop: asyncio.Event) -> None:
    side = make_salesforce_side(settings)
    async with opened_in_order(side.redis, side.broadcast, side.client):
        offers = make_offer_topics(side.client, side.redis)
        feed = Feed(side.account_view, side.client, side.redis, settings.feed, more_topics=offers)
        await feed.run(stop)
