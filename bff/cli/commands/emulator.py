"""`bff emulator`."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn

from bff.cli import options
from bff.cli.ports import require_free_port
from bff.cli.running import run_until_signal
from bff.logging import configure_logging
from sf_sync.emulator.app import create_emulator
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
    run_until_signal(lambda stop: emulate(settings, stop))


async def emulate(settings: EmulatorSettings, stop: asyncio.Event) -> None:
    emulator = create_emulator(settings)
    config = uvicorn.Config(
        emulator.asgi,
        host=settings.host,
        port=settings.port,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    await emulator.start()
    serving = asyncio.create_task(server.serve())
    await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    await emulator.stop()


class _Server(uvicorn.Server):
    """Leaves the signals to `run_until_signal`, so that the emulator's log is closed after the last request."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield
