"""Options that several commands share."""

from pathlib import Path

import click

data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".data"),
    show_default=True,
    help="Where `bff up` keeps engines, secrets and logs.",
)

PORT = click.IntRange(1, 65535)
