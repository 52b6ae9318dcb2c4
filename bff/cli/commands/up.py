"""`bff up`."""

from pathlib import Path

import click

from bff.cli import options
from bff.engines.errors import EngineError
from bff.settings import SettingsError
from bff.up.data_dir import DataDirBusy
from bff.up.errors import UpError
from bff.up.plan import NotConfigured, Ports
from bff.up.screen import Screen
from bff.up.supervisor import Options, run


@click.command("up")
@click.option("--port", type=options.PORT, default=8000, show_default=True, help="The portal.")
@click.option(
    "--emulator-port",
    type=options.PORT,
    default=8100,
    show_default=True,
    help="The emulator's REST API and console.",
)
@click.option(
    "--pubsub-port",
    type=options.PORT,
    default=8101,
    show_default=True,
    help="The emulator's Pub/Sub gRPC in plain text.",
)
@click.option(
    "--pubsub-tls-port", type=options.PORT, help="The same with a self-signed certificate; off unless given."
)
@click.option("--logs", is_flag=True, help="Show what all processes write; without it only files get it.")
@options.data_dir
def command(
    port: int, emulator_port: int, pubsub_port: int, pubsub_tls_port: int | None, logs: bool, data_dir: Path
) -> None:
    """Run everything on this machine: engines, local Salesforce, web, feed and worker.

    In development, PostgreSQL, Valkey and the Salesforce emulator are started for each of DATABASE_URL, REDIS_URL and
    SALESFORCE_URL that is not set. Ctrl-C stops all of it; the data is kept below --data-dir.
    """
    ports = Ports(web=port, emulator=emulator_port, pubsub=pubsub_port, pubsub_tls=pubsub_tls_port)
    chosen = Options(ports=ports, data_dir=data_dir, shows_logs=logs)
    try:
        run(chosen, Screen())
    except (UpError, EngineError, DataDirBusy, NotConfigured, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or data_dir}: {error.strerror}.") from error
