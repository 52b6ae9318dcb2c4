"""`bff serve`."""

from pathlib import Path

import click

from bff.cli import options
from bff.cli.environment import load_settings
from bff.cli.ports import require_free_port
from bff.serve import serve


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=options.PORT, default=8000, show_default=True)
@options.data_dir
def command(host: str, port: int, data_dir: Path) -> None:
    """Run the web processes: API and pages. BFF_WEB_WORKERS says how many."""
    load_settings(data_dir)
    require_free_port(port, "--port")
    serve(host=host, port=port)
