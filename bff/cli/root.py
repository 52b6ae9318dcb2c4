"""The table of commands, and what every one of them does with an error."""

import sys

import click

from bff.cli.lazy import LazyCommand, LazyGroup

COMMANDS = {
    "up": LazyCommand("bff.cli.commands.up", "Run everything on this machine."),
    "serve": LazyCommand("bff.cli.commands.serve", "Run the web processes."),
    "feed": LazyCommand("bff.cli.commands.feed", "Follow the changes in Salesforce."),
    "worker": LazyCommand("bff.cli.commands.worker", "Run jobs: deliveries to Salesforce, clean-up."),
    "emulator": LazyCommand("bff.cli.commands.emulator", "Run the local Salesforce alone."),
    "db": LazyCommand("bff.cli.commands.db", "Look after the database schema."),
    "phones": LazyCommand("bff.cli.commands.phones", "Link numbers of past orders; name the operators' own."),
    "migrate": LazyCommand("bff.cli.commands.migrate", "Move documents to Salesforce Files."),
    "token": LazyCommand("bff.cli.commands.token", "Print a bearer token for development."),
}

HELP = """The portal's backend: joins the customer portal to Salesforce.

Settings come from the environment (.env.example lists them all). Every command takes --data-dir and then finds the
engines of the `bff up` that runs there; variables that are set win.
"""

root = LazyGroup(
    name="bff",
    table=COMMANDS,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def main() -> None:
    """The `bff` command. Exit code 0, 1 (one clear sentence on stderr) or 2 (wrong usage)."""
    try:
        code = root.main(prog_name="bff", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    sys.exit(code or 0)
