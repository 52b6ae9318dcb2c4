"""`bff feed`."""

import asyncio
from pathlib import Path

import click

from bff.adapters import make_adapters, opened
from bff.cli import options
from bff.cli.environment import load_settings
from bff.cli.running import run_until_signal
from bff.settings import Settings
from sf_sync.feed.feed import Feed


@click.command("feed")
@options.data_dir
def command(data_dir: Path) -> None:
    """Follow the changes in Salesforce and forget what they made stale.

    One process leads; more may run and stand by.
    """
    settings = load_settings(data_dir)
    run_until_signal(lambda stop: follow(settings, stop))


async def follow(settings: Settings, stop: asyncio.Event) -> None:
    async with opened(make_adapters(settings)) as adapters:
        await Feed(adapters.account_view, adapters.client, adapters.redis, settings.feed).run(stop)
