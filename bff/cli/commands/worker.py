"""`bff worker`."""

from pathlib import Path

import click

from bff.cli import options
from bff.cli.environment import load_settings
from bff.cli.running import run_until_signal
from bff.worker import work


@click.command("worker")
@options.data_dir
def command(data_dir: Path) -> None:
    """Run jobs: what waits for Salesforce, and clean-up. Any number of workers may run."""
    settings = load_settings(data_dir)
    run_until_signal(lambda stop: work(settings, stop))
