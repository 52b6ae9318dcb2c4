"""A click group that knows its commands by name and imports one when it is used.

The product's modules take a second to import; `bff --help` and the supervisor, which starts five processes, should
not pay for what they do not call. This is the one place where modules are imported by name.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """`module` holds a click command called `command`; `summary` is its line in the group's help."""

    module: str
    summary: str


class LazyGroup(click.Group):
    def __init__(self, *, table: Mapping[str, LazyCommand], **attributes: Any) -> None:
        super().__init__(**attributes)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self._table.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """click's own version asks every command for its summary, and so would import them all."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self._table.items()])
