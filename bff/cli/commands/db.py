"""`bff db upgrade`."""

import asyncio
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError

from bff.adapters import make_adapters, opened
from bff.cli import options
from bff.cli.environment import load_settings
from bff.db.upgrade import upgrade
from bff.demo.seed import seed_demo
from bff.identity.development import ensure_issuer
from bff.settings import Settings


@click.group("db")
def command() -> None:
    """Look after the database schema."""


@command.command("upgrade")
@click.option(
    "--demo", is_flag=True, help="Also put the demo organisations and people in place (development only)."
)
@click.option(
    "--mark", type=click.Path(path_type=Path), hidden=True, help="Touched when nothing is left to do."
)
@options.data_dir
def upgrade_command(demo: bool, mark: Path | None, data_dir: Path) -> None:
    """Bring the schema up to date, as DATABASE_OWNER_URL (default: DATABASE_URL). Safe to repeat."""
    settings = load_settings(data_dir)
    if demo and not settings.is_development:
        raise click.ClickException("Demo people are put in place in development only (BFF_ENV=development).")
    try:
        upgrade(settings.database.owner_url, app_url=settings.database.url)
    except OperationalError as error:
        raise click.ClickException(
            "PostgreSQL cannot be reached, or refuses the login, at DATABASE_OWNER_URL (default: DATABASE_URL)."
        ) from error
    if demo:
        ensure_issuer(data_dir.absolute())
    is_complete = asyncio.run(seed(settings)) if demo else True
    if mark is not None and is_complete:
        mark.touch()


async def seed(settings: Settings) -> bool:
    async with opened(make_adapters(settings)) as adapters:
        return await seed_demo(adapters.database, adapters.salesforce)
