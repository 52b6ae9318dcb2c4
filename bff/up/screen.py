"""What a person reads: one line for each step, one screen when all is ready."""

from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bff.demo.people import DEMO_PEOPLE
from bff.up.plan import Plan


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """`salesforce` is the emulator's base address, or the org's when one is configured."""

    portal: str
    salesforce: str


class Screen:
    """Plain lines when the output is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        self.console.print(f"[dim]·[/dim] {escape(line)}")

    def show_ready(self, addresses: Addresses, *, plan: Plan, data_dir: Path, seconds: float) -> None:
        self.console.print()
        self.console.print(f"[bold green]The portal is ready[/bold green] after {seconds:.1f} s.")
        self.console.print()
        self.console.print(make_addresses(addresses, has_console=plan.emulator, has_people=plan.demo))
        if plan.demo:
            self.console.print()
            self.console.print(make_people())
        self.console.print()
        self.console.print(f"Logs are in {escape(str(data_dir / 'logs'))}, data in {escape(str(data_dir))}.")
        self.console.print("[bold]Ctrl-C[/bold] stops everything; the data is kept for the next start.")


def make_addresses(addresses: Addresses, *, has_console: bool, has_people: bool) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    rows = {
        "Portal": f"{addresses.portal}/" + ("  (sign in as anybody below)" if has_people else ""),
        "Internet page": f"{addresses.portal}/account/shop/internet",
        "SIM page": f"{addresses.portal}/account/shop/sim",
        "API and its schema": f"{addresses.portal}/schema",
        "Health": f"{addresses.portal}/health/ready",
        "Salesforce": addresses.salesforce,
    }
    if has_console:
        rows["Salesforce"] += "  (emulator)"
        rows["Reviewer's console"] = f"{addresses.salesforce}/console"
    for name, address in rows.items():
        table.add_row(name, f"[cyan]{escape(address)}[/cyan]")
    return table


def make_people() -> Table:
    table = Table(box=None, padding=(0, 1), title="Demo sign-ins (no password)", title_justify="left")
    for heading in ("E-mail", "Name", "What is in place"):
        table.add_column(heading, header_style="dim")
    for person in DEMO_PEOPLE:
        table.add_row(f"[cyan]{person.email}[/cyan]", person.name, person.story)
    return table
