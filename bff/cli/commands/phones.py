"""`bff phones …`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from bff.audit import record
from bff.cli import options
from bff.cli.environment import load_settings
from bff.customers.proofs import forget_proof
from bff.db import Database, DatabaseUnavailable
from bff.orders.phone_uses import BackfillState, advance_backfill, begin_backfill, count_left
from bff.phones import PhoneNotValid, mask_phone, parse_phone
from bff.phones.operators import (
    add_operator_phone,
    list_operator_phones,
    remove_operator_phone,
    save_shared_above,
)
from bff.phones.repository import unlink_everywhere
from bff.tenancy import Org, find_org, list_orgs

ACTOR = "system:command-line"

org_option = click.option("--org", "org_name", required=True, help="Slug or id of the organisation.")


@click.group("phones")
def command() -> None:
    """Look after the links between phone numbers and customers."""


@command.command("backfill")
@click.option("--org", "org_name", help="Slug or id of one organisation; without it all of them.")
@click.option(
    "--batch",
    type=click.IntRange(1, 5000),
    default=500,
    show_default=True,
    help="Orders of one transaction.",
)
@click.option(
    "--anew", is_flag=True, help="From the first order again; no order is counted twice all the same."
)
@options.data_dir
def backfill_command(org_name: str | None, batch: int, anew: bool, data_dir: Path) -> None:
    """Link customers to the numbers of their past orders. Goes on where it was stopped; safe to repeat."""

    async def run(database: Database) -> None:
        for org in await find_orgs(database, org_name):
            await backfill(database, org, batch=batch, anew=anew, console=Console(highlight=False))

    run_with_database(data_dir, run)


@command.command("add-operator")
@org_option
@click.option("--label", required=True, help="Whose it is, such as `Call centre, line 2`.")
@click.argument("phone")
@options.data_dir
def add_operator(org_name: str, label: str, phone: str, data_dir: Path) -> None:
    """Say that PHONE is the organisation's own: it never becomes a customer's, and is unlinked where it did."""

    async def run(session: AsyncSession, org: Org) -> None:
        number = read_number(phone, org)
        is_new = await add_operator_phone(session, org_id=org.id, phone=number, label=label)
        unlinked = await unlink_from_all(session, org, number)
        if is_new:
            await audit(session, org, "operator_phone.added")
        click.echo(f"{mask_phone(number)} is an operator's; unlinked from {unlinked} customers.")

    run_in_org(data_dir, org_name, run)


@command.command("remove-operator")
@org_option
@click.argument("phone")
@options.data_dir
def remove_operator(org_name: str, phone: str, data_dir: Path) -> None:
    """Say that PHONE is no longer the organisation's own."""

    async def run(session: AsyncSession, org: Org) -> None:
        number = read_number(phone, org)
        if not await remove_operator_phone(session, org_id=org.id, phone=number):
            raise click.ClickException(f"{mask_phone(number)} is not an operator's.")
        await audit(session, org, "operator_phone.removed")
        click.echo(f"{mask_phone(number)} is no longer an operator's.")

    run_in_org(data_dir, org_name, run)


@command.command("operators")
@org_option
@options.data_dir
def list_operators(org_name: str, data_dir: Path) -> None:
    """List the organisation's own numbers."""

    async def run(session: AsyncSession, org: Org) -> None:
        phones = await list_operator_phones(session, org_id=org.id)
        if not phones:
            click.echo(f"{org.slug} has named no number as its operators'.")
            return
        table = Table("number", "whose", "since", box=SIMPLE_HEAD)
        for phone in phones:
            table.add_row(phone.phone, Text(phone.label), f"{phone.created_at:%Y-%m-%d}")
        Console(highlight=False).print(table)

    run_in_org(data_dir, org_name, run)


@command.command("shared-above")
@org_option
@click.argument("customers", type=click.IntRange(1, 1000))
@options.data_dir
def set_shared_above(org_name: str, customers: int, data_dir: Path) -> None:
    """Hint at numbers that more than CUSTOMERS customers share."""

    async def run(session: AsyncSession, org: Org) -> None:
        await save_shared_above(session, org_id=org.id, shared_above=customers)
        await audit(session, org, "phone_settings.changed", {"sharedAbove": customers})
        click.echo(f"{org.slug}: numbers of more than {customers} customers are hinted at.")

    run_in_org(data_dir, org_name, run)


async def backfill(
    database: Database, org: Org, *, batch: int, anew: bool, console: Console
) -> BackfillState:
    """Each batch commits by itself, so that a stopped run loses none and repeats none."""
    async with database.transaction(org.id) as session:
        state = await begin_backfill(session, org_id=org.id, at=datetime.now(UTC), anew=anew)
        left = await count_left(session, org_id=org.id, state=state)
    with show_progress(console, org, state, left) as show:
        while True:
            async with database.transaction(org.id) as session:
                before = state.seen
                state = await advance_backfill(session, org_id=org.id, batch=batch, at=datetime.now(UTC))
            show(state)
            if state.seen - before < batch:
                break
    console.print(
        f"{org.slug}: {state.seen} orders seen, {state.linked} numbers linked, {state.passed_over} passed over:"
        " counted before, or without a number that can be a customer's"
    )
    return state


@contextmanager
def show_progress(
    console: Console, org: Org, state: BackfillState, left: int
) -> Iterator[Callable[[BackfillState], None]]:
    """A bar on a terminal, else a line for each batch."""
    total = state.seen + left
    if not console.is_terminal:
        yield lambda now: console.print(f"{org.slug}: {now.seen} of {total} orders")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(org.slug, total=total, completed=state.seen)
        yield lambda now: progress.update(bar, completed=now.seen)


async def unlink_from_all(session: AsyncSession, org: Org, phone: str) -> int:
    """How many customers had the number."""
    customer_ids = await unlink_everywhere(
        session,
        org_id=org.id,
        phone=phone,
        actor=ACTOR,
        reason="A number of the organisation's own",
        at=datetime.now(UTC),
    )
    for customer_id in customer_ids:
        await forget_proof(session, actor=ACTOR, org_id=org.id, customer_id=customer_id, phone=phone)
    return len(customer_ids)


def read_number(text: str, org: Org) -> str:
    try:
        return parse_phone(text, org.region)
    except PhoneNotValid as error:
        raise click.ClickException(f"This is no phone number in {org.region}.") from error


async def audit(session: AsyncSession, org: Org, action: str, detail: dict[str, int] | None = None) -> None:
    await record(session, org_id=org.id, actor=ACTOR, action=action, subject=f"org:{org.id}", detail=detail)


async def find_orgs(database: Database, name: str | None) -> list[Org]:
    async with database.orgless() as session:
        if name is None:
            return await list_orgs(session)
        org = await find_org(session, name)
    if org is None:
        raise click.ClickException(f"There is no organisation {name}.")
    return [org]


def run_in_org(data_dir: Path, name: str, work: Callable[[AsyncSession, Org], Awaitable[None]]) -> None:
    async def run(database: Database) -> None:
        [org] = await find_orgs(database, name)
        async with database.transaction(org.id) as session:
            await work(session, org)

    run_with_database(data_dir, run)


def run_with_database(data_dir: Path, work: Callable[[Database], Awaitable[None]]) -> None:
    settings = load_settings(data_dir)

    async def run() -> None:
        database = Database(settings.database)
        try:
            await work(database)
        finally:
            await database.close()

    try:
        asyncio.run(run())
    except DatabaseUnavailable as error:
        raise click.ClickException("PostgreSQL cannot be reached at DATABASE_URL.") from error
