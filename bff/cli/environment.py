"""The environment of a command: what is set, filled up with what a running `bff up` tells."""

import os
from pathlib import Path

import click

from bff.logging import configure_logging
from bff.settings import Settings, SettingsError, read_settings
from bff.up.data_dir import DataDir


def load_settings(data_dir: Path) -> Settings:
    """The settings, also left in `os.environ` for libraries and child processes. Exits with one clear sentence."""
    running = DataDir(data_dir).find_running()
    if running is not None:
        for name, value in running.environment.items():
            if not os.environ.get(name):
                os.environ[name] = value
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        hint = "" if running else f"\nNo `bff up` runs with {data_dir} either."
        raise click.ClickException(f"{error}{hint}") from error
    configure_logging(settings.log_level)
    return settings
