"""`bff migrate …`: moving documents from the portal's table to Salesforce Files."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from sqlalchemy.exc import OperationalError

from bff.adapters import Adapters, opened
from bff.adapters import make_adapters as make_all
from bff.cli import options
from bff.cli.environment import load_settings
from bff.db import DatabaseUnavailable
from bff.legacy import LegacyUnavailable
from bff.logging import configure_logging
from bff.migration import demo_data
from bff.migration.backfill import Backfill, BackfillRefused
from bff.migration.differences import DifferenceClass
from bff.migration.phases import Phase
from bff.migration.planting import plant
from bff.migration.purge import PurgeRefused, purge
from bff.migration.report import write_report
from bff.migration.screen import ProgressScreen, show_report
from bff.migration.service import Migration, StepRefused
from bff.migration.side import make_migrating
from bff.migration.verifier import Verifier, VerifyRefused
from bff.settings import Settings
from bff.tenancy import Org, list_orgs
from cache.errors import CacheError
from sf_sync.errors import SalesforceError

Result = TypeVar("Result")

REFUSALS = (StepRefused, BackfillRefused, VerifyRefused, PurgeRefused)

org_option = click.option("--org", help="Slug; without it the only organisation that has something to move.")


class Desk:
    """What a command works with while it runs."""

    def __init__(self, settings: Settings, adapters: Adapters, migration: Migration, org: Org) -> None:
        self.settings, self.adapters, self.migration, self.org = settings, adapters, migration, org
        self.console = Console()

    def say(self, text: str) -> None:
        """One line, however narrow the terminal is: what reads a pipe counts lines."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    async def go_back(self) -> None:
        before = await self.migration.find_entry(self.org)
        self.say(f"{self.org.slug}: {await self.migration.back(self.org)}")
        if before is None or before.phase is not Phase.SALESFORCE_ONLY:
            return
        gaps, verdicts = await self.migration.make_whole(self.org, since=before.changed_at)
        self.say(f"{verdicts} verdicts passed on to the table; it lacks {gaps} uploads.")
        if gaps:
            self.say("bff migrate verify --repair copies them.")


@click.group("migrate")
def command() -> None:
    """Move documents from the portal's own table to Salesforce Files, phase by phase."""


@command.command("status")
@click.option("--rows", is_flag=True, help="Also list rows that cannot be moved, with the reason of each.")
@click.option("--org", help="Slug; without it all organisations.")
@options.data_dir
def status(rows: bool, org: str | None, data_dir: Path) -> None:
    """Where each organisation stands, the measured conditions, and what stands in the way."""

    async def work(settings: Settings) -> None:
        async with at_work(settings) as (adapters, migration):
            console = Console()
            for each in [await _find_org(adapters, org)] if org else await _list_orgs(adapters):
                show_report(console, await migration.report(each))
                for row_id, reason in await migration.list_reported(each) if rows else []:
                    console.print(f"  {row_id}: {reason}", highlight=False, markup=False, soft_wrap=True)

    _run(work, data_dir)


@command.command("advance")
@click.option("--percent", type=click.IntRange(0, 100), help="Share of accounts that Salesforce answers for.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 86_400),
    default=0,
    help="Seconds to wait for the conditions, saying which does not hold yet.",
)
@org_option
@options.data_dir
def advance(percent: int | None, wait_s: float, org: str | None, data_dir: Path) -> None:
    """The next phase, when its conditions hold; in the ramp, more or fewer accounts."""

    async def work(desk: Desk) -> None:
        phase = await desk.migration.advance_in_time(desk.org, percent=percent, wait_s=wait_s, tell=desk.say)
        desk.say(f"{desk.org.slug}: {phase}")

    _run_at_desk(work, org, data_dir)


@command.command("back")
@org_option
@options.data_dir
def back(org: str | None, data_dir: Path) -> None:
    """The phase before; every process follows within a second."""
    _run_at_desk(Desk.go_back, org, data_dir)


@command.command("pause")
@org_option
@options.data_dir
def pause(org: str | None, data_dir: Path) -> None:
    """Hold the backfill; customers' own uploads go on."""

    async def work(desk: Desk) -> None:
        await desk.migration.set_paused(desk.org, paused=True)
        desk.say(f"{desk.org.slug}: paused; bff migrate resume")

    _run_at_desk(work, org, data_dir)


@command.command("resume")
@org_option
@options.data_dir
def resume(org: str | None, data_dir: Path) -> None:
    """Let the backfill go on."""

    async def work(desk: Desk) -> None:
        await desk.migration.set_paused(desk.org, paused=False)
        desk.say(f"{desk.org.slug}: goes on")

    _run_at_desk(work, org, data_dir)


@command.command("backfill")
@click.option("--at-once", type=click.IntRange(1, 25), help="Documents on their way at the same time.")
@org_option
@options.data_dir
def backfill(at_once: int | None, org: str | None, data_dir: Path) -> None:
    """Move every row's document. It may be stopped at any time and goes on where it was."""

    async def work(desk: Desk) -> None:
        with ProgressScreen(desk.console, "moved") as screen:
            run = Backfill(desk.adapters, desk.org.id, at_once=at_once, tell=screen.show_backfill)
            done = await run.run()
        counts = f"{done.reported} reported, {done.put_off} put off, {done.known} had moved before"
        desk.say(f"{done.moved} moved at {done.rate:.0f}/s, {counts}.")

    _run_at_desk(work, org, data_dir)


@command.command("verify")
@click.option("--repair", is_flag=True, help="Set right what is safe to set right.")
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.html and report.json there.",
)
@org_option
@options.data_dir
def verify(repair: bool, folder: Path | None, org: str | None, data_dir: Path) -> None:
    """Compare every row with Salesforce. Exit code 1 when they differ."""

    async def work(desk: Desk) -> int:
        with ProgressScreen(desk.console, "verified") as screen:
            verifier = Verifier(desk.adapters, desk.org.id, tell=screen.show)
            outcome = await verifier.run(repair=repair)
        if folder is not None:
            write_report(outcome, desk.org, folder)
        for kind, count in outcome.counts.items():
            desk.say(f"  {kind}: {count}")
        desk.say(
            f"{outcome.documents} rows, {len(outcome.differences)} differences, {outcome.ignored} ignored,"
            f" {outcome.repaired} repaired."
        )
        return len(outcome.differences)

    if _run_at_desk(work, org, data_dir):
        raise SystemExit(1)


@command.command("ignore")
@click.argument("row")
@click.option(
    "--difference",
    type=click.Choice([each.value for each in DifferenceClass]),
    default="reported",
    show_default=True,
    help="The class to ignore.",
)
@click.option("--reason", required=True)
@click.option(
    "--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day (UTC) of the rule."
)
@org_option
@options.data_dir
def ignore(row: str, difference: str, reason: str, until: datetime, org: str | None, data_dir: Path) -> None:
    """Let one row's difference pass until a day."""

    async def work(desk: Desk) -> None:
        ends_at = until.replace(tzinfo=UTC) + timedelta(days=1)
        if ends_at <= datetime.now(UTC):
            raise click.ClickException("That day is over: give one to come.")
        await desk.migration.ignore(desk.org, row, difference, reason=reason, until=ends_at)

    _run_at_desk(work, org, data_dir)


@command.command("purge")
@click.option(
    "--digests",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the digests of everything that is deleted are written first.",
)
@click.option("--with-ignored", is_flag=True, help="Also delete ignored rows that never moved.")
@org_option
@options.data_dir
def purge_command(digests: Path, with_ignored: bool, org: str | None, data_dir: Path) -> None:
    """Delete the table's rows, and prove that nothing of their bytes is left. There is no way back."""

    async def work(desk: Desk) -> None:
        with ProgressScreen(desk.console, "deleted") as screen:
            proof = await purge(
                desk.adapters,
                desk.migration,
                desk.org,
                desk.settings.database,
                digests,
                with_ignored=with_ignored,
                tell=screen.show,
            )
        desk.say(proof)

    _run_at_desk(work, org, data_dir)


@command.command("demo-data")
@click.option("--rows", type=click.IntRange(0, 200_000), default=100, show_default=True)
@click.option("--faults", type=click.IntRange(0, 10_000), default=0, show_default=True)
@click.option("--org", default="demo", show_default=True)
@options.data_dir
def demo_command(rows: int, faults: int, org: str, data_dir: Path) -> None:
    """Rows as an older portal leaves them (development only). Faults go into the new rows; with --rows 0, into what
    has moved to Salesforce already.
    """

    async def work(desk: Desk) -> None:
        if not desk.settings.is_development:
            raise click.ClickException("Demo data is for development only (BFF_ENV=development).")
        if not rows:
            planted = await plant(desk.adapters, desk.org.id, faults=faults)
            for kind, row_ids in planted.items():
                desk.say(f"  {kind}: {len(row_ids)}")
            return
        with ProgressScreen(desk.console, "made") as screen:
            tell = lambda done: screen.show(done, rows)  # noqa: E731
            await demo_data.load(desk.adapters, desk.org.id, rows=rows, faults=faults, tell=tell)

    _run_at_desk(work, org, data_dir)


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[tuple[Adapters, Migration]]:
    side = make_migrating(make_all(settings), settings.legacy)
    async with opened(side.adapters) as adapters:
        yield adapters, Migration(adapters, settings.legacy)


def _run_at_desk(work: Callable[[Desk], Awaitable[Result]], org: str | None, data_dir: Path) -> Result:
    async def at_desk(settings: Settings) -> Result:
        async with at_work(settings) as (adapters, migration):
            chosen = await _choose_org(adapters, migration, org)
            return await work(Desk(settings, adapters, migration, chosen))

    return _run(at_desk, data_dir)


def _run(work: Callable[[Settings], Awaitable[Result]], data_dir: Path) -> Result:
    settings = load_settings(data_dir)
    # What a person asked for is on the screen; the log of a process would stand between.
    configure_logging("error")

    async def run() -> Result:
        return await work(settings)

    try:
        return asyncio.run(run())
    except REFUSALS as error:
        raise click.ClickException(str(error)) from error
    except LegacyUnavailable as error:
        raise click.ClickException(error.reason) from error
    except SalesforceError as error:
        raise click.ClickException(f"Salesforce does not do it ({error}): try again later.") from error
    except CacheError as error:
        raise click.ClickException("Redis cannot be reached at REDIS_URL.") from error
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'The terminal'}: {error.strerror or error}."
        ) from error
    except (DatabaseUnavailable, OperationalError) as error:
        raise click.ClickException("PostgreSQL cannot be reached at DATABASE_URL.") from error


async def _list_orgs(adapters: Adapters) -> list[Org]:
    async with adapters.database.orgless() as session:
        return await list_orgs(session)


async def _find_org(adapters: Adapters, slug: str) -> Org:
    found = [org for org in await _list_orgs(adapters) if org.slug == slug]
    if not found:
        raise click.ClickException(f"There is no organisation {slug}.")
    return found[0]


async def _choose_org(adapters: Adapters, migration: Migration, slug: str | None) -> Org:
    if slug is not None:
        return await _find_org(adapters, slug)
    moving = await migration.list_moving()
    if len(moving) != 1:
        names = ", ".join(org.slug for org in moving) or "none"
        raise click.ClickException(
            f"Say which organisation with --org; those with something to move: {names}."
        )
    return moving[0]
