"""`bff emulator`."""

import os
from pathlib import Path

import click

from bff.cli import options
from bff.cli.ports import require_free_port
from bff.cli.running import run_until_signal
from bff.logging import configure_logging
from sf_sync.emulator.app import run_emulator
from sf_sync.emulator.settings import EmulatorSettings


@click.command("emulator")
@click.option("--port", type=options.PORT, default=8100, show_default=True, help="REST API and console.")
@click.option(
    "--pubsub-port", type=options.PORT, default=8101, show_default=True, help="Pub/Sub gRPC in plain text."
)
@click.option("--pubsub-tls-port", type=options.PORT, help="The same with a self-signed certificate.")
@options.data_dir
def command(port: int, pubsub_port: int, pubsub_tls_port: int | None, data_dir: Path) -> None:
    """Run the local Salesforce alone: REST, Pub/Sub and the reviewer's console."""
    configure_logging(os.environ.get("LOG_LEVEL") or "info")
    for number, option in (
        (port, "--port"),
        (pubsub_port, "--pubsub-port"),
        (pubsub_tls_port, "--pubsub-tls-port"),
    ):
        if number is not None:
            require_free_port(number, option)
    settings = EmulatorSettings(
        port=port,
        pubsub_port=pubsub_port,
        pubsub_tls_port=pubsub_tls_port,
        data_dir=data_dir.absolute() / "emulator",
        demo=True,
    )
    run_until_signal(lambda stop: run_emulator(settings, stop))
