"""A port in use, told before anything is started."""

import click

from bff.engines.ports import is_port_free


def require_free_port(port: int, option: str) -> None:
    if not is_port_free(port):
        raise click.ClickException(
            f"Port {port} is in use: stop what listens there, or choose another with {option}."
        )
